// The novice's three levers and those of shown answers: the range of each rail, its sensible band, and a sentence beyond it.
import type { Knobs } from "../config.ts";

export interface Band {
  /** ends of the rail; the low end stands for 0 when `zero` is true */
  readonly min: number;
  readonly max: number;
  readonly zero: boolean;
  /** sensible values */
  readonly low: number;
  readonly high: number;
  readonly below: string;
  readonly above: string;
}

/**
 * InstructGPT found beta 0 and 2 both poor and 0.01 to 0.02 best (section E.3 and figure 34);
 * the bands here are for the tiny model.
 */
export const BANDS: Readonly<Partial<Record<keyof Knobs, Band>>> = {
  learningRate: {
    min: 1e-5,
    max: 3e-3,
    zero: false,
    low: 1e-4,
    high: 1e-3,
    below: "Very small steps: expect no visible change.",
    above: "Large steps: the model may forget how to speak.",
  },
  klCoefficient: {
    min: 0.001,
    max: 2,
    zero: true,
    low: 0.005,
    high: 0.1,
    below: "Hardly any leash: it may find nonsense that scores well.",
    above: "A short leash: it can hardly learn anything.",
  },
  ptxCoefficient: {
    min: 0.01,
    max: 27.8,
    zero: true,
    low: 0.1,
    high: 4,
    below: "No homework: old skills may fade.",
    above: "Mostly homework: little room for your taste.",
  },
  shownTemperature: {
    min: 0.1,
    max: 2,
    zero: true,
    low: 0.5,
    high: 1.3,
    below: "The same answer nearly every time.",
    above: "Hardly more than noise.",
  },
  shownTopK: {
    min: 1,
    max: 1000,
    zero: true,
    low: 0,
    high: 1000,
    below: "",
    above: "",
  },
  shownTopP: {
    min: 0.05,
    max: 1,
    zero: false,
    low: 0.5,
    high: 1,
    below: "Only the very likeliest words: answers repeat themselves.",
    above: "",
  },
};

/** Position 0..1 of a value on the logarithmic rail. */
export function toPosition(band: Band, value: number): number {
  if (value <= band.min) return 0;
  return Math.min(1, Math.log(value / band.min) / Math.log(band.max / band.min));
}

/** Value at a position, rounded to two figures so that it can be read and shared. */
export function fromPosition(band: Band, position: number): number {
  if (position <= 0) return band.zero ? 0 : band.min;
  const value = band.min * (band.max / band.min) ** Math.min(1, position);
  return Number(value.toPrecision(2));
}

/** What the leash meter says beside a KL in nats per answer. */
export function leashWord(kl: number): string {
  if (!Number.isFinite(kl)) return "";
  if (kl < 1) return "close";
  if (kl < 6) return "on the leash";
  if (kl < 15) return "pulling";
  return "far away";
}

/** Readings whose mean is compared: a reading is one batch, and those of one model lie 0.1 nats apart. */
const READINGS = 10;
const LEAST_READINGS = 5;

/** The mean of the last readings and that of the first; null before there are enough of both. */
export function speechMeans(losses: readonly number[]): { first: number; last: number } | null {
  const known = losses.filter((loss) => Number.isFinite(loss));
  const n = Math.min(READINGS, Math.floor(known.length / 2));
  if (n < LEAST_READINGS) return null;
  const mean = (some: readonly number[]): number => some.reduce((sum, x) => sum + x, 0) / n;
  return { first: mean(known.slice(0, n)), last: mean(known.slice(-n)) };
}

/** What the language-loss meter says of its means, and where they began; "" before there are any. */
export function speechWord(losses: readonly number[]): string {
  const means = speechMeans(losses);
  if (means === null) return "";
  const change = means.last - means.first;
  const word = change < 0.1 ? "fine" : change < 0.4 ? "slurring" : "forgetting";
  return `${word}, ${means.first.toFixed(2)} at first`;
}

/** What the learned reward is called: a flipped run's is no liking of the person's. */
export function likedName(flipped: boolean): string {
  return flipped ? "How the flipped judge likes it" : "How you like it";
}
