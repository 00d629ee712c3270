// Win rates: against a fixed baseline and head to head, with intervals over prompts.
import { Z95, bootstrapShare, clusters, resampled, wilson } from "./intervals.ts";
import type { Estimate } from "./intervals.ts";

/** One labeler's choice between the answers of two models to one prompt. */
export interface Comparison {
  readonly prompt: string;
  readonly labeler: string;
  /** Which the labeler prefers: the model, the other one, or neither. */
  readonly outcome: "win" | "loss" | "tie";
}

export interface WinRate extends Estimate {
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  /** Wilson's interval, which takes every comparison for independent. */
  readonly wilson: readonly [low: number, high: number];
}

const credit = ({ outcome }: Comparison) => (outcome === "win" ? 1 : outcome === "tie" ? 0.5 : 0);

/**
 * Share of comparisons that the model wins; a tie counts half for each. `low` and `high` come from
 * a bootstrap over prompts, because several labelers may judge one prompt; `wilson` uses the wins
 * and half the ties among all. NaN without comparisons.
 */
export function winRate(comparisons: readonly Comparison[], draws = 1000, seed = 1): WinRate {
  const count = (outcome: Comparison["outcome"]) =>
    comparisons.filter((one) => one.outcome === outcome).length;
  const [wins, losses, ties] = [count("win"), count("loss"), count("tie")];
  const groups = clusters(comparisons, (one) => one.prompt, credit);
  const n = comparisons.length;
  return {
    ...bootstrapShare(groups, draws, seed),
    wins,
    losses,
    ties,
    wilson: wilson(wins + ties / 2, n, Z95),
  };
}

/** The outcome of two scores: utilities, ranks turned round, or ratings; closer than `tie` ties. */
export function outcomeOf(model: number, other: number, tie = 0): Comparison["outcome"] {
  const gap = model - other;
  if (Math.abs(gap) <= tie) return "tie";
  return gap > 0 ? "win" : "loss";
}

/** Scores of one model's answers by one labeler, by prompt. */
export interface Scores {
  readonly model: string;
  readonly labeler: string;
  /** Prompt id to score; higher is better. */
  readonly byPrompt: ReadonlyMap<string, number>;
}

/** Comparisons of two models on the prompts that both answered for the same labeler. */
export function headToHead(
  model: readonly Scores[],
  other: readonly Scores[],
  tie = 0,
): Comparison[] {
  const rivals = new Map(other.map((one) => [one.labeler, one.byPrompt]));
  return model.flatMap(({ labeler, byPrompt }) =>
    [...byPrompt].flatMap(([prompt, score]) => {
      const against = rivals.get(labeler)?.get(prompt);
      if (against === undefined) return [];
      return [{ prompt, labeler, outcome: outcomeOf(score, against, tie) }];
    }),
  );
}

/**
 * Win rate of every model against one fixed baseline (the paper's 175B SFT), by model name; the
 * baseline against itself is left out.
 */
export function againstBaseline(
  scores: readonly Scores[],
  baseline: string,
  tie = 0,
): Map<string, WinRate> {
  const fixed = scores.filter((one) => one.model === baseline);
  const names = [...new Set(scores.map((one) => one.model))].filter((name) => name !== baseline);
  return new Map(
    names.map((name) => {
      const own = scores.filter((one) => one.model === name);
      return [name, winRate(headToHead(own, fixed, tie))] as const;
    }),
  );
}

/** Every model against every other: [model, other, win rate], for the upper half of the table. */
export function allPairs(
  scores: readonly Scores[],
  tie = 0,
): { readonly model: string; readonly other: string; readonly rate: WinRate }[] {
  const names = [...new Set(scores.map((one) => one.model))];
  const of = (name: string) => scores.filter((one) => one.model === name);
  return names.flatMap((model, i) =>
    names.slice(i + 1).map((other) => {
      return { model, other, rate: winRate(headToHead(of(model), of(other), tie)) };
    }),
  );
}

/** Win rates of one comparison by group: held-out customers, held-out labelers, use cases. */
export function byGroup(
  comparisons: readonly Comparison[],
  group: (one: Comparison) => string,
): Map<string, WinRate> {
  const names = [...new Set(comparisons.map(group))];
  return new Map(
    names.map((name) => [name, winRate(comparisons.filter((one) => group(one) === name))] as const),
  );
}

/**
 * Win rate on one set of comparisons minus that on another (held-out against training labelers or
 * customers). The interval draws whole prompts; a prompt that is in both sets is drawn for both.
 */
export function winRateGap(
  one: readonly Comparison[],
  other: readonly Comparison[],
  draws = 1000,
  seed = 1,
): Estimate {
  const prompts = [...new Set([...one, ...other].map(({ prompt }) => prompt))];
  const sums = (list: readonly Comparison[]) => {
    const found = new Map<string, { sum: number; count: number }>();
    for (const prompt of prompts) found.set(prompt, { sum: 0, count: 0 });
    for (const each of list) {
      const cell = found.get(each.prompt);
      if (cell === undefined) continue;
      cell.sum += credit(each);
      cell.count++;
    }
    return [...found.values()];
  };
  const [first, second] = [sums(one), sums(other)];
  const rate = (cells: readonly { sum: number; count: number }[], drawn: readonly number[]) =>
    drawn.reduce((all, i) => all + cells[i]!.sum, 0) /
    drawn.reduce((all, i) => all + cells[i]!.count, 0);
  const gap = (drawn: readonly number[]) => rate(first, drawn) - rate(second, drawn);
  const all = prompts.map((_, i) => i);
  return { value: gap(all), ...resampled(all, gap, draws, seed), n: one.length + other.length };
}
