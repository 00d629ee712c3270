// Everything the quality page shows, computed step by step so that it can be stopped and report how far it is.
import type { JudgementRow } from "../storage/events.ts";
import {
  agreementBetween,
  agreementTiesHalf,
  agreementTiesOut,
  addPairs,
  noPairs,
} from "./agreement.ts";
import type { Agreement, PairCounts } from "./agreement.ts";
import { annotatorsOf, habitsOf } from "./annotators.ts";
import type { Annotator, Habits } from "./annotators.ts";
import { ROUNDS, bootstrap } from "./bootstrap.ts";
import { pairKappas, rankAlphas } from "./chance-corrected.ts";
import type { PairUnits, RankAlphas } from "./chance-corrected.ts";
import { percentileInterval } from "./distributions.ts";
import type { Interval } from "./distributions.ts";
import { goldScores } from "./gold.ts";
import type { GoldItem, GoldSummary } from "./gold.ts";
import { rankedOf } from "./items.ts";
import type { Ranked } from "./items.ts";
import { positionBias } from "./position.ts";
import type { PositionBias } from "./position.ts";
import { selfAgreement } from "./repeats.ts";
import type { Repeats } from "./repeats.ts";
import { strengthsOf } from "./strengths.ts";
import type { StrengthModel, StrengthOptions, Strengths } from "./strengths.ts";
import { timeBins, timingOf } from "./timing.ts";
import type { Bin, Timing } from "./timing.ts";

/** A share of pairs in the same order, both ways of counting ties, with the interval of the first. */
export interface Share {
  readonly tiesOut: number | null;
  readonly tiesHalf: number | null;
  /** of `tiesOut`, by bootstrap over items; null with fewer than two items */
  readonly interval: Interval | null;
}

export interface QualityReport {
  readonly rankings: number;
  readonly people: number;
  readonly items: number;
  /** Without the parts that only a bootstrap needs. */
  readonly agreement: Omit<Agreement, "byItem"> & { readonly share: Share };
  /** Krippendorff's α of the ranks, by level of measurement. */
  readonly alpha: RankAlphas;
  readonly kappa: PairUnits;
  readonly repeats: Repeats & { readonly share: Share };
  readonly position: PositionBias;
  readonly strengths: readonly Strengths[];
  readonly habits: Habits;
  readonly timing: Omit<Timing, "times"> & {
    readonly bins: readonly Bin[];
    readonly timed: number;
  };
  readonly gold: readonly GoldSummary[];
  readonly annotators: readonly Annotator[];
}

export interface QualityOptions {
  readonly gold?: readonly GoldItem[];
  /** rounds of every bootstrap */
  readonly rounds?: number;
  readonly seed?: number;
  /** 0 or ½, see StrengthOptions */
  readonly prior?: number;
}

/** How far a report is. */
export interface QualityProgress {
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

const MODELS: readonly StrengthModel[] = ["bradley-terry", "plackett-luce"];

/**
 * Computes a report; a step takes milliseconds (for ten thousand rankings), except the first.
 * The generator returns the report.
 */
export function* qualityReport(
  rows: readonly JudgementRow[],
  options: QualityOptions = {},
): Generator<QualityProgress, QualityReport> {
  const { gold = [], rounds = ROUNDS, seed = 1, prior = 0 } = options;
  const steps = new Steps(rounds);
  yield steps.at("reading the rankings");
  const all = rankedOf(rows);
  const told = all.filter(({ cannotTell }) => !cannotTell);
  const agreement = agreementBetween(all);
  const repeats = selfAgreement(all);
  const timing = timingOf(all);
  const scores = goldScores(rows, gold);
  yield steps.at("counting pairs");
  const kappa = pairKappas(all);
  const alpha = rankAlphas(told);
  const agreed = yield* steps.count("agreement", shareOf(agreement.all, agreement.byItem, rounds, seed)); // prettier-ignore
  const own = repeats.raters.flatMap(({ byItem }) => byItem);
  const again = yield* steps.count("self-agreement", shareOf(sumOf(own), own, rounds, seed));
  const strengths = yield* bothStrengths(steps, told, { prior, rounds, seed });
  const { byItem: _, ...between } = agreement;
  const { times, ...timed } = timing;
  return {
    rankings: all.length,
    people: new Set(all.map(({ rater }) => rater)).size,
    items: new Set(all.map(({ item }) => item)).size,
    agreement: { ...between, share: agreed },
    alpha,
    kappa,
    repeats: { ...repeats, share: again },
    position: positionBias(all),
    strengths,
    habits: habitsOf(all),
    timing: { ...timed, bins: timeBins(times), timed: times.length },
    gold: scores,
    annotators: annotatorsOf(rows, all, { agreement, repeats, timing, gold: scores }),
  };
}

/** Runs a report to its end, without a pause. */
export function wholeReport(
  rows: readonly JudgementRow[],
  options: QualityOptions = {},
): QualityReport {
  const steps = qualityReport(rows, options);
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
  }
}

/** Counts the rounds of four bootstraps as one job. */
class Steps {
  readonly #rounds: number;
  #before = 0;

  constructor(rounds: number) {
    this.#rounds = rounds;
  }

  at(what: string, done = 0): QualityProgress {
    return { what, done: this.#before + done, total: 4 * this.#rounds };
  }

  /** Passes a generator's steps on as progress, and its result. */
  *count<T>(what: string, work: Generator<void, T>): Generator<QualityProgress, T> {
    for (let done = 0; ; done++) {
      const next = work.next();
      if (next.done === true) {
        this.#before += this.#rounds;
        return next.value;
      }
      yield this.at(what, done);
    }
  }
}

function* bothStrengths(
  steps: Steps,
  rankings: readonly Ranked[],
  options: StrengthOptions,
): Generator<QualityProgress, Strengths[]> {
  const both: Strengths[] = [];
  for (const model of MODELS) {
    both.push(yield* steps.count(`strengths, ${model}`, strengthsOf(rankings, model, options)));
  }
  return both;
}

function sumOf(counts: readonly PairCounts[]): PairCounts {
  const all = noPairs();
  for (const one of counts) addPairs(all, one);
  return all;
}

function* shareOf(
  all: PairCounts,
  byItem: readonly PairCounts[],
  rounds: number,
  seed: number,
): Generator<void, Share> {
  const share = { tiesOut: agreementTiesOut(all), tiesHalf: agreementTiesHalf(all) };
  if (byItem.length < 2) return { ...share, interval: null };
  const values = yield* bootstrap(byItem.length, rounds, seed, (weights) => {
    let [same, opposite] = [0, 0];
    byItem.forEach((counts, i) => {
      same += counts.same * weights[i]!;
      opposite += counts.opposite * weights[i]!;
    });
    return same + opposite === 0 ? Number.NaN : same / (same + opposite);
  });
  return { ...share, interval: percentileInterval(values) };
}
