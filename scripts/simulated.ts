// A simulated person: prompts, a taste by name or from a file, rankings by it, and how much of it answers show.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Ranking, Sample } from "../src/workers/protocol.ts";
import {
  buildTokenizer,
  grammatical,
  livePrompts,
  tasteNamed,
  validateTaste,
} from "../src/world/index.ts";
import type { Taste } from "../src/world/index.ts";
import { UsageError } from "./options.ts";

const sentenceOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** Loads a taste by name or from a file. @throws UsageError with one sentence. */
export async function loadTaste(name: string): Promise<Taste> {
  try {
    if (!/[./\\]/.test(name)) return tasteNamed(name);
    const url = pathToFileURL(resolve(name)).href;
    const module = (await import(/* @vite-ignore */ url).catch((error: unknown) => {
      const cause = sentenceOf(error);
      throw new UsageError(
        `${name}: the taste file could not be loaded (${cause}); nothing was run.`,
      );
    })) as { default?: unknown };
    return validateTaste(module.default, name);
  } catch (error) {
    throw new UsageError(sentenceOf(error));
  }
}

/** Ranks by score, best first; equal scores tie. */
export function ranksOf(scores: readonly number[]): number[] {
  const sorted = [...new Set(scores)].sort((a, b) => b - a);
  return scores.map((score) => sorted.indexOf(score) + 1);
}

/** Of many candidates the K that differ most in words, so that a look shows more than one kind of answer. */
export function diverse(samples: readonly Sample[], k: number): Sample[] {
  const unique = [...new Map(samples.map((sample) => [sample.text, sample])).values()];
  const words = unique.map(({ tokens }) => new Set(tokens));
  const distance = (a: Set<number>, b: Set<number>): number => {
    const shared = [...a].filter((token) => b.has(token)).length;
    return 1 - shared / Math.max(1, a.size + b.size - shared);
  };
  const chosen: number[] = unique.length > 0 ? [0] : [];
  while (chosen.length < Math.min(k, unique.length)) {
    const nearest = (i: number): number =>
      Math.min(...chosen.map((c) => distance(words[i] as Set<number>, words[c] as Set<number>)));
    const rest = unique.map((_, i) => i).filter((i) => !chosen.includes(i));
    chosen.push(rest.reduce((a, b) => (nearest(b) > nearest(a) ? b : a)));
  }
  return chosen.map((i) => unique[i] as Sample);
}

export interface Item {
  readonly id: string;
  readonly text: string;
}

/** Different prompts of the live loop, as a person reads them. */
export function items(seed: number, n: number, split: "train" | "test"): Item[] {
  const tokenizer = buildTokenizer();
  return livePrompts(seed, n, split).map(({ prompt }, i) => ({
    id: `${split}-${String(i)}`,
    text: tokenizer.render(prompt.split(" ")),
  }));
}

/** Shows the K most different of each prompt's candidates and ranks them by the taste. */
export function rank(
  prompts: readonly Item[],
  candidates: readonly (readonly Sample[])[],
  taste: Taste,
  k: number,
): Ranking[] {
  return candidates.map((set, i) => {
    const shown = diverse(set, k);
    return {
      id: String(i),
      prompt: prompts[i]?.text ?? "",
      completions: shown.map(({ tokens }) => tokens),
      ranks: ranksOf(shown.map(({ text, prompt }) => taste.score(text, prompt))),
    };
  });
}

export interface Measure {
  /** share of answers that show the taste */
  readonly rate: number;
  /** mean of its score */
  readonly gold: number;
  readonly grammatical: number;
}

/** How much of a taste answers show, and how many of their sentences are grammatical. */
export function measure(samples: readonly Sample[], taste: Taste): Measure {
  const tokenizer = buildTokenizer();
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  return {
    rate: mean(samples.map(({ text, prompt }) => (taste.shows(text, prompt) ? 1 : 0))),
    gold: mean(samples.map(({ text, prompt }) => taste.score(text, prompt))),
    grammatical: mean(samples.map(({ tokens }) => grammatical(tokenizer.decode(tokens)))),
  };
}

/** Which of two answers to each prompt the taste prefers: wins of `after`, ties and losses. */
export function compare(
  before: readonly Sample[],
  after: readonly Sample[],
  taste: Taste,
): { wins: number; ties: number; losses: number } {
  const gaps = before.map((sample, i) => {
    const other = after[i] as Sample;
    return taste.score(other.text, other.prompt) - taste.score(sample.text, sample.prompt);
  });
  return {
    wins: gaps.filter((gap) => gap > 0).length,
    ties: gaps.filter((gap) => gap === 0).length,
    losses: gaps.filter((gap) => gap < 0).length,
  };
}
