// The records that prompts and demonstrations are made of.
import type { Fact } from "./facts.ts";
import type { Cast, Mood } from "./tables.ts";

/** Use cases of InstructGPT's Table 1. */
export type Category =
  | "generation"
  | "open-qa"
  | "brainstorming"
  | "chat"
  | "rewrite"
  | "summarization"
  | "classification"
  | "other"
  | "closed-qa"
  | "extraction";

export type Family =
  | "story"
  | "poem"
  | "describe"
  | "note"
  | "finish-story"
  | "finish-text"
  | "question"
  | "list"
  | "chat"
  | "rewrite"
  | "summary"
  | "classify"
  | "say"
  | "number"
  | "harm"
  | "closed"
  | "extract";

/** "pretrain" draws freely for the corpus; "held-out" asks only about what training never saw. */
export type Split = "pretrain" | "train" | "valid" | "test" | "held-out";

/** What a prompt demands beside its task. */
export type Constraint =
  | { readonly kind: "sentences"; readonly count: number }
  | { readonly kind: "mentions"; readonly word: string }
  | { readonly kind: "without"; readonly word: string }
  | { readonly kind: "items"; readonly count: number };

/** What the gold labeler needs to know to score an answer to the prompt. */
export type Gold =
  | { readonly kind: "story"; readonly hero: string; readonly mood: Mood | null }
  | { readonly kind: "poem"; readonly topic: string }
  | { readonly kind: "describe"; readonly animal: string }
  | {
      readonly kind: "note";
      readonly from: string;
      readonly to: string;
      readonly thing: string;
      /** A kind word of the right sort: "thank", "sorry" or "birthday". */
      readonly word: string;
    }
  | { readonly kind: "finish-story"; readonly hero: string; readonly given: string }
  | { readonly kind: "finish-text"; readonly wantsRude: boolean }
  | { readonly kind: "question"; readonly fact: Fact }
  | { readonly kind: "list"; readonly correct: readonly string[]; readonly count: number }
  | { readonly kind: "chat"; readonly keywords: readonly string[] }
  | { readonly kind: "exact"; readonly target: string }
  | { readonly kind: "kind"; readonly name: string }
  | { readonly kind: "summary"; readonly hero: string; readonly source: string }
  | { readonly kind: "label"; readonly label: string; readonly others: readonly string[] }
  | {
      readonly kind: "closed";
      readonly value: string;
      readonly wrong: string;
      readonly source: string;
    }
  | { readonly kind: "extract"; readonly items: readonly string[]; readonly source: string }
  | { readonly kind: "harm" };

export interface PromptRecord {
  readonly category: Category;
  readonly family: Family;
  readonly split: Split;
  /** The instruction alone, internal form: lower case, tokens separated by spaces. */
  readonly prompt: string;
  readonly constraint: Constraint | null;
  readonly gold: Gold;
}

export interface Demonstration extends PromptRecord {
  /** The labeler's answer, internal form, without `<eos>`. */
  readonly response: string;
}

/** What a family function draws from. */
export interface FamilyWorld {
  /** Heroes of the prompt. */
  readonly heroes: Cast;
  /** Everyone else whom the prompt may name. */
  readonly others: Cast;
  readonly facts: readonly Fact[];
  /** False: the labeler overlooks the constraint. */
  readonly obeys: boolean;
  /** True: only forms whose answers have at most 14 words. */
  readonly short: boolean;
}

/** What a family function returns: a demonstration without bookkeeping. */
export interface Draft {
  readonly prompt: string;
  readonly response: string;
  readonly constraint: Constraint | null;
  readonly gold: Gold;
  /** May a courtesy phrase open or close the answer? */
  readonly courtesy: boolean;
}
