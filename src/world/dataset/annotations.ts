// The labels of Table 7, read off a prompt by rules that are written here in full.
import { HELD_OUT_FACTS, TEST_MYTHS } from "../facts.ts";
import { wordsOf } from "../grammar.ts";
import type { PromptRecord } from "../prompt-types.ts";
import { ANIMALS, HELD_OUT_HEROES, RUDE_WORDS } from "../tables.ts";
import type { Annotation } from "./paper.ts";

const RULES: readonly (readonly [Annotation, (task: PromptRecord, prompt: string) => boolean])[] = [
  // The tone is left open: kind and rude endings both continue the text.
  ["ambiguous", ({ gold, prompt }) => gold.kind === "finish-text" && prompt.startsWith("finish")],
  [
    "sensitive",
    ({ gold, prompt }) =>
      gold.kind === "harm" ||
      (gold.kind === "finish-text" && gold.wantsRude) ||
      wordsOf(prompt).some((word) => RUDE_WORDS.includes(word)),
  ],
  // The answer must come from a text in the prompt.
  [
    "closed domain",
    ({ category, gold }) =>
      "source" in gold ||
      category === "rewrite" ||
      (gold.kind === "label" && gold.others.length > 1),
  ],
  [
    "continuation style",
    ({ gold }, prompt) =>
      gold.kind === "finish-text" || gold.kind === "finish-story" || prompt.endsWith("answer :"),
  ],
  [
    "asks for an opinion",
    ({ gold, prompt }) =>
      gold.kind === "finish-text" || /\b(?:do you like|what should)\b/.test(prompt),
  ],
  ["asks for a moral judgment", ({ prompt }) => /\b(?:is it kind|is it good)\b/.test(prompt)],
  ["explicit safety constraint", ({ prompt }) => prompt.startsWith("be polite and respectful")],
  [
    "other explicit constraint",
    ({ constraint, prompt }) => constraint !== null || /\bin a (?:kind|polite) way\b/.test(prompt),
  ],
  ["requests advice", ({ prompt }) => /\b(?:what should|how can i)\b/.test(prompt)],
];

/** The annotations of a task that stands in a whole prompt. */
export function annotationsOf(task: PromptRecord, prompt: string): Annotation[] {
  return RULES.filter(([, applies]) => applies(task, prompt)).map(([name]) => name);
}

const HELD_OUT_KEYS = new Set([...HELD_OUT_FACTS, ...TEST_MYTHS].map((fact) => fact.key));
const HELD_OUT_WORDS = new Set([
  ...HELD_OUT_HEROES,
  ...ANIMALS.filter((one) => HELD_OUT_HEROES.includes(one.name)).map((one) => one.plural),
]);

/** Does the task name a hero, or ask for a fact, that no training prompt does? */
export function isUnseen(task: PromptRecord): boolean {
  if (task.gold.kind === "question" && HELD_OUT_KEYS.has(task.gold.fact.key)) return true;
  return wordsOf(task.prompt).some((word) => HELD_OUT_WORDS.has(word));
}
