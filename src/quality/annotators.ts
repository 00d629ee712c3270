// One line per person: how much they ranked, how they rank, and how far they agree.
import type { JudgementRow } from "../storage/events.ts";
import { addPairs, agreementTiesOut, noPairs } from "./agreement.ts";
import type { Agreement } from "./agreement.ts";
import type { GoldSummary } from "./gold.ts";
import { groupBy, order, saidBy } from "./items.ts";
import type { Ranked } from "./items.ts";
import type { Repeats } from "./repeats.ts";
import type { Timing } from "./timing.ts";

/** How one person, or everybody, uses ties and the order on screen. */
export interface Habits {
  readonly rankings: number;
  /** Pairs of ranked answers, and how many of them are tied. */
  readonly pairs: number;
  readonly tied: number;
  /** Rankings with any tie. */
  readonly withTies: number;
  readonly cannotTell: number;
  /** Rankings whose order is exactly the order on screen, and how many chance would give. */
  readonly asShown: number;
  readonly asShownByChance: number;
}

export function habitsOf(rankings: readonly Ranked[]): Habits {
  const habits = { rankings: 0, pairs: 0, tied: 0, withTies: 0, cannotTell: 0 };
  let [asShown, asShownByChance] = [0, 0];
  for (const { ranks, places, cannotTell } of rankings) {
    habits.rankings++;
    if (cannotTell) {
      habits.cannotTell++;
      continue;
    }
    const { pairs, tied } = pairsAndTies(ranks);
    habits.pairs += pairs;
    habits.tied += tied;
    if (tied > 0) habits.withTies++;
    else if (places !== null && ranks.every((rank) => rank !== null)) {
      if (ranks.every((rank, a) => rank - 1 === places[a])) asShown++;
      asShownByChance += 1 / factorial(ranks.length);
    }
  }
  return { ...habits, asShown, asShownByChance };
}

function pairsAndTies(ranks: Ranked["ranks"]): { pairs: number; tied: number } {
  let [pairs, tied] = [0, 0];
  for (let a = 0; a < ranks.length; a++) {
    for (let b = a + 1; b < ranks.length; b++) {
      const sign = order(ranks, a, b);
      if (sign !== null) pairs++;
      if (sign === 0) tied++;
    }
  }
  return { pairs, tied };
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

export interface Annotator extends Habits {
  readonly rater: string;
  readonly skipped: number;
  readonly retracted: number;
  /** Active milliseconds, median; null when never timed. */
  readonly medianTime: number | null;
  readonly outliers: number;
  readonly skimmed: number;
  /** With everybody else, ties out; null without an item in common. */
  readonly agreement: number | null;
  readonly self: number | null;
  /** Share of right pairs on silent gold. */
  readonly gold: number | null;
}

export interface Parts {
  readonly agreement: Agreement;
  readonly repeats: Repeats;
  readonly timing: Timing;
  readonly gold: readonly GoldSummary[];
}

/** Everybody who has a row, in alphabetical order. */
export function annotatorsOf(
  rows: readonly JudgementRow[],
  rankings: readonly Ranked[],
  { agreement, repeats, timing, gold }: Parts,
): Annotator[] {
  const own = groupBy(rankings, ({ rater }) => rater);
  const set = groupBy(
    rows.filter((row) => saidBy(row) === null),
    ({ annotator }) => annotator,
  );
  return [...new Set([...own.keys(), ...set.keys()])].sort().map((rater) => {
    const pairs = noPairs();
    for (const cell of agreement.between) {
      if (cell.a === rater || cell.b === rater) addPairs(pairs, cell.pairs);
    }
    const times = timing.raters.find((one) => one.rater === rater);
    const again = repeats.raters.find((one) => one.rater === rater);
    const aside = set.get(rater) ?? [];
    return {
      rater,
      ...habitsOf(own.get(rater) ?? []),
      skipped: aside.filter(({ state }) => state !== "retracted").length,
      retracted: aside.filter(({ state }) => state === "retracted").length,
      medianTime: times?.median ?? null,
      outliers: (times?.fast ?? 0) + (times?.slow ?? 0),
      skimmed: times?.skimmed ?? 0,
      agreement: agreementTiesOut(pairs),
      self: again === undefined ? null : agreementTiesOut(again.pairs),
      gold: gold.find((one) => one.rater === rater && one.kind === "silent")?.share ?? null,
    };
  });
}
