// Active time per ranking: outliers, reading speed, and its distribution.
import { median } from "./distributions.ts";
import { groupBy } from "./items.ts";
import type { Ranked } from "./items.ts";

/** |modified z| beyond which a time is an outlier (Iglewicz and Hoaglin 1993). */
export const OUTLIER = 3.5;
/** Silent reading of English, words per minute (Brysbaert 2019, a meta-analysis of 190 studies). */
export const READING_SPEED = 238;
/** Faster than this many times the mean reading speed, a ranking was skimmed. A guess, for the analyst. */
export const SKIMMING = 3;

export interface TimeFlag {
  readonly event: string;
  readonly rater: string;
  readonly active: number;
  /** Modified z of ln(time) among the person's own: 0.6745 (x − median) / MAD. */
  readonly z: number;
  readonly kind: "fast" | "slow";
}

export interface TimingOfRater {
  readonly rater: string;
  readonly n: number;
  readonly median: number;
  readonly fast: number;
  readonly slow: number;
  /** Rankings done in less time than reading at SKIMMING × READING_SPEED takes. */
  readonly skimmed: number;
}

export interface Timing {
  readonly raters: readonly TimingOfRater[];
  readonly flags: readonly TimeFlag[];
  /** Milliseconds of all rankings that were timed. */
  readonly times: readonly number[];
}

/** Time that reading takes at a number of words per minute, in milliseconds. */
export function readingTime(words: number, speed = READING_SPEED): number {
  return (words / speed) * 60_000;
}

/** Times of each person against their own; a time of 0 was not measured and is left out. */
export function timingOf(rankings: readonly Ranked[]): Timing {
  const timed = rankings.filter(({ active }) => active > 0);
  const flags: TimeFlag[] = [];
  const raters = [...groupBy(timed, ({ rater }) => rater)].map(([rater, own]) => {
    const z = modifiedZ(own.map(({ active }) => Math.log(active)));
    const here = own.flatMap(({ event, active }, i): TimeFlag[] => {
      const score = z[i] ?? 0;
      if (Math.abs(score) <= OUTLIER) return [];
      return [{ event, rater, active, z: score, kind: score < 0 ? "fast" : "slow" }];
    });
    flags.push(...here);
    return {
      rater,
      n: own.length,
      median: median(own.map(({ active }) => active)),
      fast: here.filter(({ kind }) => kind === "fast").length,
      slow: here.filter(({ kind }) => kind === "slow").length,
      skimmed: own.filter(
        ({ active, words }) => active < readingTime(words, SKIMMING * READING_SPEED),
      ).length,
    };
  });
  raters.sort((x, y) => (x.rater < y.rater ? -1 : 1));
  return { raters, flags, times: timed.map(({ active }) => active) };
}

/**
 * 0.6745 (x − median) / MAD, and with a MAD of 0 (x − median) / (1.2533 · mean |x − median|), as
 * Iglewicz and Hoaglin advise; all 0 when all values are equal.
 */
export function modifiedZ(values: readonly number[]): number[] {
  const middle = median(values);
  const distances = values.map((value) => Math.abs(value - middle));
  const mad = median(distances);
  const average = distances.reduce((sum, d) => sum + d, 0) / Math.max(1, distances.length);
  const scale = mad > 0 ? mad / 0.67449 : 1.253314 * average;
  return values.map((value) => (scale > 0 ? (value - middle) / scale : 0));
}

/** One bar: times from `from` up to `to` milliseconds, the end excluded. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Ends of bars in seconds: about equal steps for a person's sense of time. */
const ENDS = [1, 2, 3, 5, 10, 20, 30, 60, 120, 300, 600];

/** Times in bars from the shortest to the longest; [] without times. */
export function timeBins(times: readonly number[]): Bin[] {
  const edges = [0, ...ENDS.map((seconds) => seconds * 1000), Infinity];
  const bins = edges.slice(1).map((to, i) => {
    const from = edges[i] ?? 0;
    return { from, to, count: times.filter((time) => time >= from && time < to).length };
  });
  const used = bins.flatMap(({ count }, i) => (count > 0 ? [i] : []));
  return used.length === 0 ? [] : bins.slice(used[0], (used.at(-1) ?? 0) + 1);
}
