// People's own rankings in the form of the simulated ones, so that they can stand in for them.
import type { Tokenizer } from "../tokenizer.ts";
import { LABEL_NAMES } from "./verdict.ts";
import type { Labels } from "./verdict.ts";
import type { RankedPrompt } from "./rankings.ts";

/** What a person said of K answers to one prompt, all texts as a person reads them. */
export interface PersonRanking {
  readonly id: string;
  readonly annotator: string;
  readonly prompt: string;
  readonly answers: readonly string[];
  /** (K) 1 = best, ties share a rank; null = not ranked. */
  readonly ranks: readonly (number | null)[];
  /** (K) overall quality from 1 to 7; null = not rated. */
  readonly ratings?: readonly (number | null)[];
  /** (K) labels of Table 3 by name; what is absent was not asked. */
  readonly labels?: readonly Readonly<Record<string, boolean>>[];
}

export interface PersonRanked extends RankedPrompt {
  /** The instruction in the internal form; words that the vocabulary lacks stay in it. */
  readonly prompt: string;
}

/**
 * The ranking in the form of `rankPrompts`, or null when fewer than two answers are ranked. Answers
 * that are not ranked are left out; what was not rated has no ratings; labels not given are null.
 */
export function rankedByPerson(tokenizer: Tokenizer, one: PersonRanking): PersonRanked | null {
  const kept = one.answers.map((_, i) => i).filter((i) => (one.ranks[i] ?? null) !== null);
  if (kept.length < 2) return null;
  const levels = [...new Set(kept.map((i) => one.ranks[i] ?? 0))].sort((a, b) => a - b);
  const ratings = kept.flatMap((i) => one.ratings?.[i] ?? []);
  const internal = (text: string) => tokenizer.parse(text).text;
  return {
    promptId: one.id,
    prompt: internal(one.prompt),
    answers: kept.map((i) => ({
      tokens: [...internal(one.answers[i] ?? "").split(" "), "<eos>"].filter((word) => word !== ""),
      origin: "person's choice",
    })),
    judgements: [
      {
        labeler: `person ${one.annotator}`,
        ranks: kept.map((i) => levels.indexOf(one.ranks[i] ?? 0) + 1),
        ratings: ratings.length === kept.length ? ratings : [],
      },
    ],
    labels: kept.map((i) => givenLabels(one.labels?.[i] ?? {})),
  };
}

function givenLabels(given: Readonly<Record<string, boolean>>): Labels {
  const entries = LABEL_NAMES.map((name) => [name, given[name] ?? null] as const);
  return Object.fromEntries(entries) as unknown as Labels;
}
