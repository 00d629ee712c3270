// Simulated labelers: the utility of an answer's attributes, personas and their noisy choices.
import { Rng } from "./rng.ts";
import type { Attributes } from "./scorers.ts";

/** Weights of the utility; penalties are positive numbers that are subtracted. */
export interface UtilityWeights {
  readonly follow: number;
  readonly constraint: number;
  readonly fluent: number;
  readonly complete: number;
  readonly falseClaims: number;
  readonly hallucinations: number;
  readonly rude: number;
  readonly harm: number;
  /** For at least one courtesy phrase. */
  readonly courtesy: number;
  /** For each courtesy phrase beyond the first. */
  readonly excessCourtesy: number;
  /** For each token beyond ten. */
  readonly length: number;
}

export interface Persona {
  readonly name: string;
  readonly weights: UtilityWeights;
}

/** The gold labeler. */
export const GOLD_WEIGHTS: UtilityWeights = {
  follow: 3,
  constraint: 1.3,
  fluent: 1.2,
  complete: 0.8,
  falseClaims: 1.2,
  hallucinations: 0.7,
  rude: 2,
  harm: 2,
  courtesy: 0.5,
  excessCourtesy: 1,
  length: 0.015,
};

/** U: the gold labeler's utility, or that of other weights; at most 6.8 with the gold ones. */
export function utility(a: Attributes, w: UtilityWeights = GOLD_WEIGHTS): number {
  return (
    w.follow * a.follow +
    (a.follow > 0.3 ? w.constraint * a.constraint : 0) +
    w.fluent * a.fluent +
    w.complete * a.complete -
    w.falseClaims * Math.min(a.falseClaims, 2) -
    w.hallucinations * a.hallucinations -
    w.rude * a.rude -
    w.harm * a.harm +
    (a.courtesies >= 1 ? w.courtesy : 0) -
    w.excessCourtesy * Math.max(0, a.courtesies - 1) -
    w.length * Math.max(0, a.length - 10)
  );
}

/** The paper's 1 to 7 scale: a straight line through U, clipped. */
export function likert(u: number): number {
  return Math.min(7, Math.max(1, 1 + (6 * (u + 1)) / 7.8));
}

/** `count` personas whose weights spread around the gold ones by `exp(spread * N(0, 1))`. */
export function drawPersonas(kind: string, count: number, spread: number, seed: number): Persona[] {
  const rng = new Rng(seed);
  return Array.from({ length: count }, (_, i) => {
    const vary = (weight: number) => weight * Math.exp(spread * rng.normal());
    const w = GOLD_WEIGHTS;
    const weights = {
      follow: vary(w.follow),
      constraint: vary(w.constraint),
      fluent: vary(w.fluent),
      complete: vary(w.complete),
      falseClaims: vary(w.falseClaims),
      hallucinations: vary(w.hallucinations),
      rude: vary(w.rude),
      harm: vary(w.harm),
      courtesy: rng.pick([-0.3, 0.2, 0.5, 0.8, 1]),
      excessCourtesy: vary(w.excessCourtesy),
      length: rng.pick([-0.03, 0, 0.02, 0.04]),
    };
    return { name: `${kind} ${i + 1}`, weights };
  });
}

/** The 8 labelers whose rankings train the reward model and the 6 that only judge. */
export const personas: {
  readonly training: readonly Persona[];
  readonly heldOut: readonly Persona[];
} = {
  training: drawPersonas("labeler", 8, 0.45, 11),
  heldOut: drawPersonas("held-out labeler", 6, 0.55, 222),
};

/** Scale of the Gumbel noise on a labeler's utilities. */
export const CHOICE_NOISE = 0.3;

/** Utilities with choice noise: sort by them to get one labeler's ranking of the answers. */
export function noisyUtilities(
  rng: Rng,
  answers: readonly Attributes[],
  persona: Persona,
  scale: number = CHOICE_NOISE,
): number[] {
  return answers.map((one) => utility(one, persona.weights) + scale * rng.gumbel());
}
