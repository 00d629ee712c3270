// How often two people put two answers in the same order: the paper's measure, and Kendall's τ-b.
import { firstByPerson, order } from "./items.ts";
import type { Ranked } from "./items.ts";

/** Pairs of answers that two people both ranked. */
export interface PairCounts {
  /** both in the same order */
  same: number;
  opposite: number;
  /** tied by one of the two */
  oneTied: number;
  bothTied: number;
}

export function noPairs(): PairCounts {
  return { same: 0, opposite: 0, oneTied: 0, bothTied: 0 };
}

export function addPairs(into: PairCounts, more: PairCounts): void {
  into.same += more.same;
  into.opposite += more.opposite;
  into.oneTied += more.oneTied;
  into.bothTied += more.bothTied;
}

/** Compares two rankings of the same answers, pair by pair; unranked answers are left out. */
export function comparePairs(x: Ranked["ranks"], y: Ranked["ranks"]): PairCounts {
  const counts = noPairs();
  for (let a = 0; a < x.length; a++) {
    for (let b = a + 1; b < x.length; b++) {
      const [first, second] = [order(x, a, b), order(y, a, b)];
      if (first === null || second === null) continue;
      if (first === 0 && second === 0) counts.bothTied++;
      else if (first === 0 || second === 0) counts.oneTied++;
      else if (first === second) counts.same++;
      else counts.opposite++;
    }
  }
  return counts;
}

/** Share in the same order among the pairs that neither tied (the paper's figure); null for none. */
export function agreementTiesOut({ same, opposite }: PairCounts): number | null {
  return same + opposite === 0 ? null : same / (same + opposite);
}

/** The same over all pairs: a tie of both agrees, a tie of one agrees by half; null for none. */
export function agreementTiesHalf({
  same,
  opposite,
  oneTied,
  bothTied,
}: PairCounts): number | null {
  const all = same + opposite + oneTied + bothTied;
  return all === 0 ? null : (same + bothTied + oneTied / 2) / all;
}

/**
 * Kendall's τ-b of two weak orders: (C − D) / √((C + D + T_x)(C + D + T_y)), where T_x counts pairs
 * tied in x alone. Null when one of them ties everything.
 */
export function kendallTauB(x: Ranked["ranks"], y: Ranked["ranks"]): number | null {
  let [concordant, discordant, tiedX, tiedY] = [0, 0, 0, 0];
  for (let a = 0; a < x.length; a++) {
    for (let b = a + 1; b < x.length; b++) {
      const [first, second] = [order(x, a, b), order(y, a, b)];
      if (first === null || second === null || (first === 0 && second === 0)) continue;
      if (first === 0) tiedX++;
      else if (second === 0) tiedY++;
      else if (first === second) concordant++;
      else discordant++;
    }
  }
  const untied = concordant + discordant;
  const scale = Math.sqrt((untied + tiedX) * (untied + tiedY));
  return scale === 0 ? null : (concordant - discordant) / scale;
}

/** Two people, and what they said about the items that both ranked. */
export interface RaterPair {
  readonly a: string;
  readonly b: string;
  readonly items: number;
  readonly pairs: PairCounts;
}

export interface Agreement {
  /** In alphabetical order. */
  readonly raters: readonly string[];
  /** Pairs of people with at least one item in common, a before b. */
  readonly between: readonly RaterPair[];
  readonly all: PairCounts;
  /** Items with at least two people. */
  readonly items: number;
  /** overlap[n - 1] = items that n people ranked. */
  readonly overlap: readonly number[];
  /** Mean τ-b over items and pairs of people; null without any. */
  readonly tau: number | null;
  /** For each item with several people the counts over all pairs of them: what a bootstrap draws. */
  readonly byItem: readonly PairCounts[];
}

/** Agreement between people on the items that they share. */
export function agreementBetween(rankings: readonly Ranked[]): Agreement {
  const usable = rankings.filter(({ cannotTell }) => !cannotTell);
  const between = new Map<string, { a: string; b: string; items: number; pairs: PairCounts }>();
  const all = noPairs();
  const byItem: PairCounts[] = [];
  const overlap: number[] = [];
  const taus: number[] = [];
  for (const people of firstByPerson(usable)) {
    while (overlap.length < people.length) overlap.push(0);
    overlap[people.length - 1]! += 1;
    if (people.length < 2) continue;
    const here = noPairs();
    for (const [x, y] of couples(people)) {
      const pairs = comparePairs(x.ranks, y.ranks);
      const key = JSON.stringify([x.rater, y.rater]);
      const cell = between.get(key) ?? { a: x.rater, b: y.rater, items: 0, pairs: noPairs() };
      cell.items++;
      addPairs(cell.pairs, pairs);
      between.set(key, cell);
      addPairs(here, pairs);
      const tau = kendallTauB(x.ranks, y.ranks);
      if (tau !== null) taus.push(tau);
    }
    addPairs(all, here);
    byItem.push(here);
  }
  return {
    raters: [...new Set(usable.map(({ rater }) => rater))].sort(),
    between: [...between.values()],
    all,
    items: byItem.length,
    overlap,
    tau: mean(taus),
    byItem,
  };
}

/** Every two people once, in alphabetical order. */
function couples(people: readonly Ranked[]): [Ranked, Ranked][] {
  const sorted = people.toSorted((x, y) => (x.rater < y.rater ? -1 : 1));
  return sorted.flatMap((x, i) => sorted.slice(i + 1).map((y): [Ranked, Ranked] => [x, y]));
}

export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, v) => sum + v, 0) / values.length;
}
