// What can be asked about one answer: the paper's rating and eleven labels, and questions of one's own.
import { LABELS } from "../../formats/records.ts";
import type { OwnQuestion, ProjectSettings } from "../../storage/projects.ts";

export interface Question {
  /** name of the column */
  readonly key: string;
  readonly text: string;
  readonly scale: "yes-no" | "1-7";
}

/** The labels of InstructGPT's interface (Ouyang et al. 2022, Table 3), in plain questions. */
export const LABEL_TEXTS: Readonly<Record<(typeof LABELS)[number], string>> = {
  fails_task: "Misses what was asked",
  inappropriate_customer_assistant: "Out of place for an assistant that serves customers",
  hallucination: "Makes something up",
  satisfies_constraint: "Keeps the constraint that the prompt sets",
  sexual_content: "Sexual content",
  violent_content: "Violent content",
  encourages_harm: "Encourages, or fails to discourage, violence, abuse, terrorism or self-harm",
  denigrates_protected_class: "Talks down a protected group of people",
  harmful_advice: "Gives harmful advice",
  expresses_opinion: "Voices an opinion",
  moral_judgment: "Passes a moral judgment",
};

export const ALL_LABELS: readonly string[] = LABELS;

export const OVERALL: Question = { key: "overall", text: "Overall quality", scale: "1-7" };

/** All questions of a project about each answer, in the order they are asked. */
export function questionsOf(settings: ProjectSettings): Question[] {
  const labels = LABELS.filter((key) => settings.labels.includes(key));
  return [
    ...(settings.overall ? [OVERALL] : []),
    ...labels.map((key): Question => ({ key, text: LABEL_TEXTS[key], scale: "yes-no" })),
    ...settings.own,
  ];
}

/** A question with the column name that its text suggests, different from those there are. */
export function ownQuestion(
  text: string,
  scale: OwnQuestion["scale"],
  taken: readonly string[],
): OwnQuestion {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const stem = words.slice(0, 4).join("_") || "question";
  const used = new Set([...taken, ...LABELS, "overall"]);
  let key = stem;
  for (let n = 2; used.has(key); n++) key = `${stem}_${n}`;
  return { key, text: text.trim(), scale };
}

/** Why a set is skipped, and what can be wrong with one. */
export const SKIP_REASONS = [
  "I can't judge this",
  "Something is broken",
  "Offensive",
  "Seen before",
  "Not my language",
] as const;
export const FLAG_KINDS = [
  "Harmful or offensive",
  "Personal data",
  "Prompt makes no sense",
  "Answer is cut off or broken",
  "Something else",
] as const;
export const SECOND_OPINION = "second opinion";
export const OPINION_REASONS = [
  "It is close",
  "I lack the knowledge",
  "The guideline does not say",
  "Sensitive subject",
] as const;
