// The records of a data set: prompts with their authors, demonstrations, judgements.
import type { PromptRecord } from "../prompt-types.ts";
import type { Annotation, Part, Stage } from "./paper.ts";

/** Who wrote a prompt: a labeler in one of the three ways of the paper, or a customer. */
export type Source = "plain" | "few-shot" | "user-based" | "customer";

export interface DataPrompt extends PromptRecord {
  /** "rm-train-17": unique in the data set. */
  readonly id: string;
  readonly stage: Stage | "test";
  readonly part: Part;
  readonly source: Source;
  /** The customer or labeler; all prompts of one author are in the same part. */
  readonly author: string;
  /** The application from the waiting list that it serves, or null. */
  readonly useCase: string | null;
  /** The last request alone, without frame and examples: what the scorers read. */
  readonly task: string;
  /** Names a hero or asks for a fact that no training prompt does. */
  readonly unseen: boolean;
  readonly annotations: readonly Annotation[];
}

export interface DataDemonstration {
  readonly promptId: string;
  /** Who wrote it. */
  readonly labeler: string;
  /** Internal form, without `<eos>`. */
  readonly response: string;
}

/** A drawn request before it has an author and a place. */
export interface Request {
  readonly prompt: string;
  readonly task: string;
  readonly source: Source;
  readonly useCase: string | null;
  /** The demonstration that a labeler would write. */
  readonly response: string;
  readonly record: PromptRecord;
}

/** The record as the scorers want it: its prompt is the last request alone. */
export function scorable(prompt: DataPrompt): PromptRecord {
  const { category, family, split, task, constraint, gold } = prompt;
  return { category, family, split, prompt: task, constraint, gold };
}
