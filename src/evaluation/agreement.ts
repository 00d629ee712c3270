// How often two labelers agree on a comparison, by the ranks they gave to the same answers.
import { bootstrapShare, clusters } from "./intervals.ts";
import type { Estimate } from "./intervals.ts";

/** The ranks (1 = best, equal = tie) that several labelers gave to the same K answers. */
export interface RatedSet {
  /** what the answers answer; sets of one prompt are drawn together. Without it a set stands for itself */
  readonly prompt?: string;
  readonly labelers: readonly string[];
  /** (labelers, K) */
  readonly ranks: readonly (readonly number[])[];
}

export interface Agreement {
  /** Share of comparisons, among those where neither labeler ties, that both decide alike. */
  readonly decided: Estimate;
  /** The same over all comparisons; one tie counts half, two count 1. */
  readonly withTies: Estimate;
  /** Share of single comparisons that a labeler ties. */
  readonly tied: number;
}

interface Tally {
  alike: number;
  decided: number;
  credit: number;
  all: number;
  ties: number;
  looks: number;
}

function compare(a: readonly number[], b: readonly number[], tally: Tally): void {
  for (let i = 0; i < a.length; i++) {
    for (let j = i + 1; j < a.length; j++) {
      const first = Math.sign(a[i]! - a[j]!);
      const second = Math.sign(b[i]! - b[j]!);
      tally.all++;
      tally.looks += 2;
      tally.ties += (first === 0 ? 1 : 0) + (second === 0 ? 1 : 0);
      if (first === second) tally.credit++;
      else if (first === 0 || second === 0) tally.credit += 0.5;
      if (first === 0 || second === 0) continue;
      tally.decided++;
      if (first === second) tally.alike++;
    }
  }
}

function tallyOf({ ranks }: RatedSet): Tally {
  const tally = { alike: 0, decided: 0, credit: 0, all: 0, ties: 0, looks: 0 };
  for (const [i, a] of ranks.entries()) {
    for (const b of ranks.slice(i + 1)) compare(a, b, tally);
  }
  return tally;
}

/**
 * Agreement over all pairs of labelers of each set. The intervals draw whole prompts, because their
 * comparisons share answers.
 */
export function agreement(sets: readonly RatedSet[], draws = 1000, seed = 1): Agreement {
  const tallies = sets.map(tallyOf);
  const over = (part: (tally: Tally) => number, whole: (tally: Tally) => number) =>
    bootstrapShare(
      clusters(
        tallies.map((tally, i) => ({ tally, name: sets[i]?.prompt ?? `set ${i}` })),
        ({ name }) => name,
        ({ tally }) => part(tally),
        ({ tally }) => whole(tally),
      ),
      draws,
      seed,
    );
  const sum = (pick: (tally: Tally) => number) => tallies.reduce((all, one) => all + pick(one), 0);
  return {
    decided: over(
      ({ alike }) => alike,
      ({ decided }) => decided,
    ),
    withTies: over(
      ({ credit }) => credit,
      ({ all }) => all,
    ),
    tied: sum(({ ties }) => ties) / sum(({ looks }) => looks),
  };
}

/**
 * Cohen's kappa of two labelers' categories: agreement beyond what their frequencies give by chance.
 * NaN when chance alone agrees always.
 */
export function kappa(a: readonly string[], b: readonly string[]): number {
  const n = Math.min(a.length, b.length);
  const rate = (list: readonly string[], name: string) =>
    list.filter((one) => one === name).length / n;
  let observed = 0;
  for (let i = 0; i < n; i++) if (a[i] === b[i]) observed += 1 / n;
  const names = new Set([...a, ...b]);
  const chance = [...names].reduce((sum, name) => sum + rate(a, name) * rate(b, name), 0);
  return (observed - chance) / (1 - chance);
}
