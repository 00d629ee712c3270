// What the paper prints about its data (Ouyang et al. 2022, Tables 6 to 11): our column beside it.
import type { Category } from "../prompt-types.ts";

/** The training stages that have prompts of their own. */
export const STAGES = ["sft", "rm", "ppo"] as const;
export type Stage = (typeof STAGES)[number];
export const PARTS = ["train", "valid", "test"] as const;
export type Part = (typeof PARTS)[number];

/** One of the seven prompt sets; `test` belongs to no stage. */
export interface SetSize {
  readonly stage: Stage | "test";
  readonly part: Part;
  readonly labeler: number;
  readonly customer: number;
}

/** Table 6, and the 3,196 test prompts of Table 9. */
export const PAPER_SIZES: readonly SetSize[] = [
  { stage: "sft", part: "train", labeler: 11_295, customer: 1_430 },
  { stage: "sft", part: "valid", labeler: 1_550, customer: 103 },
  { stage: "rm", part: "train", labeler: 6_623, customer: 26_584 },
  { stage: "rm", part: "valid", labeler: 3_488, customer: 14_399 },
  { stage: "ppo", part: "train", labeler: 0, customer: 31_144 },
  { stage: "ppo", part: "valid", labeler: 0, customer: 16_185 },
  { stage: "test", part: "test", labeler: 0, customer: 3_196 },
];

/** Table 7, percent of prompts (RM train, SFT train); null where it gives the test set alone. */
export const PAPER_ANNOTATIONS: readonly (readonly [
  name: Annotation,
  rm: number | null,
  sft: number | null,
  test: number | null,
])[] = [
  ["ambiguous", 7.9, 5.1, null],
  ["sensitive", 6.9, 0.9, null],
  ["closed domain", 19.4, 27.4, null],
  ["continuation style", 15.5, 17.9, null],
  ["asks for an opinion", 7.7, 8.6, null],
  ["asks for a moral judgment", 1.1, 0.3, null],
  ["explicit safety constraint", 0.4, 0.3, null],
  ["other explicit constraint", 26.3, 25.6, null],
  ["requests advice", null, null, 3.9],
  ["intent unclear", null, null, 7.9],
];

export type Annotation =
  | "ambiguous"
  | "sensitive"
  | "closed domain"
  | "continuation style"
  | "asks for an opinion"
  | "asks for a moral judgment"
  | "explicit safety constraint"
  | "other explicit constraint"
  | "requests advice"
  | "intent unclear";

/** Table 8, mean prompts of a customer in each set. */
export const PAPER_PROMPTS_PER_CUSTOMER: Readonly<Record<string, number>> = {
  "sft train": 1.65,
  "rm train": 5.35,
  "rm valid": 27.96,
  "ppo train": 6.01,
  "ppo valid": 31.55,
  "test test": 1.81,
};

/** Table 9, tokens of a prompt: mean and median. */
export const PAPER_PROMPT_TOKENS: Readonly<Record<string, readonly [number, number]>> = {
  "sft train": [408, 283],
  "rm train": [199, 64],
  "ppo train": [166, 62],
  "test test": [115, 49],
};

/** Table 10, mean tokens of a prompt by use case. */
export const PAPER_CATEGORY_TOKENS: Readonly<Record<Category, number>> = {
  generation: 130,
  "open-qa": 89,
  brainstorming: 83,
  chat: 386,
  rewrite: 183,
  summarization: 424,
  classification: 223,
  other: 180,
  "closed-qa": 325,
  extraction: 304,
};

/** Table 11, tokens of a demonstration by who wrote its prompt: mean and median. */
export const PAPER_DEMONSTRATION_TOKENS = {
  labeler: [38, 18],
  customer: [88, 39],
} as const;

/** Agreement of two labelers on a comparison, percent, with its 95 % half width (section 3.4). */
export const PAPER_AGREEMENT = {
  training: { percent: 72.6, half: 1.5 },
  heldOut: { percent: 77.3, half: 1.3 },
} as const;
