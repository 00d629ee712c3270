// The records that every format is read into and written from: rankings, labels, demonstrations.

export const ROLES = ["system", "user", "assistant", "tool"] as const;
/** The roles that TRL's chat templates know. */
export type Role = (typeof ROLES)[number];

export interface Message {
  role: Role;
  content: string;
}

export interface Rating {
  key: string;
  value: number;
}

/** One answer, with what is needed to make it again; "" and 0 stand for unknown. */
export interface Candidate {
  cid: string;
  /** Place of its group, 0 = best; unranked answers have the number of groups. */
  rank: number;
  completion: Message[];
  model: string;
  checkpoint: string;
  step: number;
  seed: number;
  temperature: number;
  top_k: number;
  top_p: number;
  n_tokens: number;
  logprob: number;
  finish: string;
  author: string;
  ratings: Rating[];
  note: string;
}

/** What one person said about K answers to one context. Keys are the columns of `prefs.ranking`. */
export interface Ranking {
  schema: "prefs.ranking";
  v: 1;
  id: string;
  project: string;
  task: string;
  /** "text": one user message holds the plain prompt; "chat": a conversation. */
  format: "text" | "chat";
  question: string;
  context: Message[];
  completions: Candidate[];
  /** Groups of completion indices, best first; ties share a group. */
  ranking: number[][];
  unranked: number[];
  /** Between neighbouring groups: 0 not asked, 1 slightly, 2 better, 3 much better. */
  strengths: number[];
  all_bad: boolean;
  outcome: "ranked" | "skipped" | "flagged";
  confidence: number;
  /** Completion indices in the order they stood on screen; [] when it is not known. */
  shown: number[];
  layout: string;
  blind: boolean;
  guideline: string;
  preset: string;
  annotator: string;
  session: string;
  /** ISO 8601 in UTC; "" when not known. */
  started: string;
  submitted: string;
  active_ms: number;
  idle_ms: number;
  hidden_ms: number;
  moves: number;
  undos: number;
  gold: string;
  gold_pass: boolean;
  select_policy: string;
  select_score: number;
  propensity: number;
  revision: number;
  supersedes: string;
  skip_reason: string;
  flags: string[];
  note: string;
  app: string;
  /** Keys that this format does not have, as canonical JSON; "" for none. */
  extra: string;
}

/** One answer judged by itself: InstructGPT's labels, KTO's thumbs, ratings of a benchmark. */
export interface Labelled {
  schema: "prefs.labelled";
  v: 1;
  id: string;
  task: string;
  cid: string;
  format: "text" | "chat";
  context: Message[];
  completion: Message[];
  /** 1 desirable, 0 undesirable, -1 not said. */
  label: number;
  ratings: Rating[];
  /** Place among the answers to the same prompt, 0 = best; -1 when not ranked. */
  rank: number;
  annotator: string;
  preset: string;
  guideline: string;
  active_ms: number;
  note: string;
  extra: string;
}

/** An answer that a person wrote: a row of supervised fine-tuning. */
export interface Demonstration {
  schema: "prefs.demonstration";
  v: 1;
  id: string;
  format: "text" | "chat";
  context: Message[];
  completion: Message[];
  annotator: string;
  submitted: string;
  extra: string;
}

/** A prompt without an answer. */
export interface Prompt {
  schema: "prefs.prompt";
  v: 1;
  id: string;
  format: "text" | "chat";
  context: Message[];
  extra: string;
}

/** A prompt with answers that nobody has judged yet; their ranks are all 0. */
export interface Item {
  schema: "prefs.item";
  v: 1;
  id: string;
  format: "text" | "chat";
  context: Message[];
  completions: Candidate[];
  extra: string;
}

export type Imported = Ranking | Labelled | Demonstration | Prompt | Item;

/** All that a project can export. */
export interface Collection {
  rankings: readonly Ranking[];
  labelled: readonly Labelled[];
  demonstrations: readonly Demonstration[];
  prompts: readonly Prompt[];
  items: readonly Item[];
}

/** Sorts records of mixed kinds into a collection, in their order. */
export function collect(records: readonly Imported[]): Collection {
  return {
    rankings: records.filter((record) => record.schema === "prefs.ranking"),
    labelled: records.filter((record) => record.schema === "prefs.labelled"),
    demonstrations: records.filter((record) => record.schema === "prefs.demonstration"),
    prompts: records.filter((record) => record.schema === "prefs.prompt"),
    items: records.filter((record) => record.schema === "prefs.item"),
  };
}

/** The labels of InstructGPT's interface (Ouyang et al. 2022, Table 3), as columns name them. */
export const LABELS = [
  "fails_task",
  "inappropriate_customer_assistant",
  "hallucination",
  "satisfies_constraint",
  "sexual_content",
  "violent_content",
  "encourages_harm",
  "denigrates_protected_class",
  "harmful_advice",
  "expresses_opinion",
  "moral_judgment",
] as const;
