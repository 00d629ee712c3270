// One item of the benchmark suite, how it is written as text, and which items are for the test.
import { countTokens } from "../grammar.ts";
import type { Rng } from "../rng.ts";
import { hashText } from "../rng.ts";

/** The tasks and the public sets whose role they play. */
export const SUITE_TASKS = {
  endings: "HellaSwag",
  pronouns: "WSC",
  entailment: "RTE",
  mood: "SST",
  reading: "SQuADv2 and QuAC",
  counting: "DROP",
  tongue: "WMT French to English",
  news: "CNN/DM and TL;DR",
} as const;
export type SuiteTask = keyof typeof SUITE_TASKS;

/** 1: what single words give away; 4: what takes several steps. */
export type Level = 1 | 2 | 3 | 4;
export const LEVELS: readonly Level[] = [1, 2, 3, 4];

export interface SuiteItem {
  readonly task: SuiteTask;
  readonly level: Level;
  /** Everything before the answer, internal form. */
  readonly text: string;
  /** The right answer with its full stop, internal form. */
  readonly answer: string;
  /** Answers to choose from by mean log-probability per token, the right one among them; or none. */
  readonly choices: readonly string[] | null;
}

export type Draw = (rng: Rng, level: Level) => SuiteItem;

/** A fifth of all items, by a hash of their text, is for the test; the rest may be in training. */
export function isTestItem(item: SuiteItem): boolean {
  return hashText(`${item.text} ${item.answer}`) % 5 === 0;
}

/** Share of right answers of somebody who guesses: 1 / choices, 0 where the answer is written. */
export function chanceOf(items: readonly SuiteItem[]): number {
  const each = items.map(({ choices }) => (choices === null ? 0 : 1 / choices.length));
  return each.reduce((sum, one) => sum + one, 0) / items.length;
}

/** Words of a few-shot prompt with its longest answer, so that 96 positions hold it. */
const FEW_SHOT_WORDS = 92;

/**
 * An item after worked examples of the same task, one per line: as many of `examples` as fit.
 * `shots` says how many did.
 */
export function fewShot(
  item: SuiteItem,
  examples: readonly SuiteItem[],
): { readonly text: string; readonly shots: number } {
  const longest = Math.max(...[item.answer, ...(item.choices ?? [])].map(countTokens));
  let text = item.text;
  let shots = 0;
  for (const one of examples) {
    const longer = `${one.text} ${one.answer} <nl> ${text}`;
    if (countTokens(longer) + longest > FEW_SHOT_WORDS) continue;
    text = longer;
    shots++;
  }
  return { text, shots };
}
