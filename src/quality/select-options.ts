// What is asked of a draw of the next sets, and what it answers: apart from the models, which only the worker needs.
import type { Pick, Policy } from "./next.ts";

/** Rankings from which there is something to learn; before that every draw is random, and says so. */
export const LEAST_RANKINGS = 5;
/** The newest judgements are learned from. */
export const MOST_RANKINGS = 1000;

export interface SelectOptions {
  readonly policy: Policy;
  readonly explore: number;
  readonly count: number;
  readonly seed: number;
}

export interface Selection {
  readonly picks: readonly Pick[];
  /** how many of the judgements could be learned from */
  readonly rankings: number;
}
