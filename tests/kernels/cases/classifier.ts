// Generic test entries of the fused classifier, and of the derivatives that are written over the logits.
import { classifierCrossEntropy, classifierLogprobs } from "../../../src/kernels/classifier.ts";
import { copy } from "../../../src/kernels/copy.ts";
import {
  crossEntropyBackwardInPlace,
  COLUMNS_PER_THREAD,
} from "../../../src/kernels/cross-entropy.ts";
import { logprobsBackwardInPlace } from "../../../src/kernels/logprobs.ts";
import type { InputSpec, OpCase } from "../op-case.ts";

// rows, width, vocabulary; the last have one slice and a bit, rows that no tile divides, and several chunks
const SHAPES: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [7, 5, 9],
  [5, 12, 131],
  [33, 16, 300],
  [130, 8, 17],
];

const ids = (R: number, V: number): InputSpec => ({
  shape: [R],
  dtype: "i32",
  value: (i, next) => (i % 3 === 1 ? -100 : Math.floor(next() * V)),
});
const mask = (R: number): InputSpec => ({
  shape: [R],
  differentiable: false,
  value: (i) => (i % 3 === 1 ? 0 : 1),
});
const inputs = (R: number, C: number, V: number): OpCase["inputs"] => ({
  hidden: { shape: [R, C] },
  weight: { shape: [V, C] },
  targets: ids(R, V),
  mask: mask(R),
});
const knobs: InputSpec = { shape: [4], differentiable: false, value: (i) => [1, 0.7, 1.5, 1][i]! };

/** (R,2) as large as those of normal logits, so that p stays below 1. */
const normaliser = (R: number): InputSpec => ({
  shape: [R, 2],
  differentiable: false,
  value: (_i, next) => 3 + next(),
});
/** Operands of a derivative that is written over the logits. */
const rows = (name: string, R: number): Record<string, InputSpec> => ({
  [name]: { shape: [R], differentiable: false },
});

export const cases: readonly OpCase[] = [
  ...SHAPES.map(([R, C, V]): OpCase => ({
    name: `classifierLogprobs ${String(R)}x${String(C)}x${String(V)}`,
    inputs: inputs(R, C, V),
    build: (tape, { hidden, weight, targets }) => {
      const of = { hidden: hidden!, weight: weight!, targets: targets! };
      const { logp, entropy } = classifierLogprobs(tape, of, { rows: 64 });
      return [logp, entropy];
    },
  })),
  ...SHAPES.map(([R, C, V]): OpCase => ({
    name: `classifierCrossEntropy ${String(R)}x${String(C)}x${String(V)}`,
    inputs: inputs(R, C, V),
    build: (tape, { hidden, weight, targets, mask }) => {
      const of = { hidden: hidden!, weight: weight!, targets: targets! };
      const { loss, nll, normaliser, stats } = classifierCrossEntropy(tape, of, mask!, {
        rows: 64,
      });
      return [loss, nll, normaliser, stats];
    },
  })),
  {
    // a temperature, banned ids, large logits, used twice: the second adds to the derivatives
    name: "classifier with everything",
    inputs: { ...inputs(70, 8, 150), knobs },
    tolerance: 5e-5,
    build: (tape, { hidden, weight, targets, mask, knobs }) => {
      const of = { hidden: hidden!, weight: weight!, targets: targets! };
      const temperature = { tensor: knobs!, index: 1 };
      const first = classifierLogprobs(tape, of, { temperature, BANNED: 0b100, rows: 64 });
      const second = classifierCrossEntropy(tape, of, mask!, { rows: 64 });
      return [first.logp, first.entropy, second.loss];
    },
  },
  {
    // 24 does for every subgroup size; 300 columns are two slices and a bit; ids 0 and 2 are banned
    name: "classifier in every variant",
    inputs: {
      hidden: { shape: [37, 24], differentiable: false },
      weight: { shape: [300, 24], differentiable: false },
      targets: ids(37, 300),
      knobs,
    },
    variants: "all",
    build: (tape, { hidden, weight, targets, knobs }) => {
      const of = { hidden: hidden!, weight: weight!, targets: targets! };
      const temperature = { tensor: knobs!, index: 1 };
      const { logp, entropy } = classifierLogprobs(tape, of, { temperature, BANNED: 0b101 });
      return [logp, entropy];
    },
  },
  {
    name: "cross-entropy's derivative over the logits",
    variants: "all",
    inputs: {
      logits: { shape: [9, 24], differentiable: false },
      targets: ids(9, 24),
      ...{ mask: mask(9), normaliser: normaliser(9), ...rows("sums", 2), knobs },
    },
    build: (tape, { logits, targets, mask, normaliser, sums, knobs }) => {
      const dlogits = tape.scratch("dlogits", [9, 24]);
      copy(tape, logits!, dlogits);
      tape.call(
        crossEntropyBackwardInPlace,
        {
          ...{ targets: targets!, mask: mask!, normaliser: normaliser! },
          sums: sums!,
          knobs: knobs!,
          dlogits,
        },
        { R: 9, V: 24, THREADS: Math.ceil(24 / COLUMNS_PER_THREAD), WEIGHTED: true, WEIGHT: 2 },
      );
      return [dlogits];
    },
  },
  {
    name: "log-probabilities' derivative over the logits",
    variants: "all",
    inputs: {
      logits: { shape: [9, 36], differentiable: false },
      targets: ids(9, 36),
      ...{ normaliser: normaliser(9), ...rows("entropy", 9), knobs },
      ...{ ...rows("dlogp", 9), ...rows("dentropy", 9) },
    },
    tolerance: 5e-5,
    build: (tape, { logits, targets, normaliser, entropy, knobs, dlogp, dentropy }) => {
      const dlogits = tape.scratch("dlogits", [9, 36]);
      copy(tape, logits!, dlogits);
      tape.call(
        logprobsBackwardInPlace,
        {
          targets: targets!,
          knobs: knobs!,
          entropy: entropy!,
          normaliser: normaliser!,
          dlogp: dlogp!,
          dentropy: dentropy!,
          dlogits,
        },
        {
          ...{ R: 9, V: 36, THREADS: Math.ceil(36 / COLUMNS_PER_THREAD), BANNED: 0b101 },
          ...{ TEMPERED: true, TEMPERATURE: 1, HAS_DLOGP: true, HAS_DENTROPY: true },
        },
      );
      return [dlogits];
    },
  },
];
