// Generic test entries of the masked cross-entropy.
import { crossEntropy } from "../../../src/kernels/cross-entropy.ts";
import type { InputSpec, OpCase } from "../op-case.ts";

const SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 7],
  [7, 65],
  [65, 17],
  [33, 600],
];

// every third row is not counted and has a target that must not be used as an index
const targets = (R: number, V: number): InputSpec => ({
  shape: [R],
  dtype: "i32",
  value: (i, next) => (i % 3 === 1 ? -100 : Math.floor(next() * V)),
});
const mask = (R: number): InputSpec => ({
  shape: [R],
  differentiable: false,
  value: (i) => (i % 3 === 1 ? 0 : 1),
});

export const cases: readonly OpCase[] = [
  ...SHAPES.map(([R, V]): OpCase => ({
    name: `crossEntropy ${String(R)}x${String(V)}`,
    inputs: { logits: { shape: [R, V] }, targets: targets(R, V), mask: mask(R) },
    build: (tape, { logits, targets, mask }) => {
      const { loss, nll, normaliser, stats } = crossEntropy(tape, logits!, targets!, mask!);
      return [loss, nll, normaliser, stats];
    },
  })),
  {
    name: "crossEntropy 9x132 in every variant, twice over the same logits",
    inputs: { logits: { shape: [9, 132] }, targets: targets(9, 132), mask: mask(9) },
    variants: "all",
    build: (tape, { logits, targets, mask }) => [
      crossEntropy(tape, logits!, targets!, mask!).loss,
      crossEntropy(tape, logits!, targets!, mask!).loss,
    ],
  },
  {
    name: "crossEntropy of an empty mask",
    inputs: {
      logits: { shape: [5, 9] },
      targets: { shape: [5], dtype: "i32", value: () => -100 },
      mask: { shape: [5], differentiable: false, value: () => 0 },
    },
    build: (tape, { logits, targets, mask }) => [crossEntropy(tape, logits!, targets!, mask!).loss],
  },
  {
    name: "crossEntropy of large logits",
    inputs: {
      logits: { shape: [7, 40], value: (i, next) => 200 * next() + (i % 7) * 10 },
      targets: targets(7, 40),
      mask: mask(7),
    },
    build: (tape, { logits, targets, mask }) => {
      const { loss, nll } = crossEntropy(tape, logits!, targets!, mask!);
      return [loss, nll];
    },
  },
  {
    name: "crossEntropy twice over the same logits",
    inputs: { logits: { shape: [7, 20] }, targets: targets(7, 20), mask: mask(7) },
    build: (tape, { logits, targets, mask }) => [
      crossEntropy(tape, logits!, targets!, mask!).loss,
      crossEntropy(tape, logits!, targets!, mask!).loss,
    ],
  },
  {
    // the weight multiplies the derivative only, so it is not the slope of the reported loss
    name: "crossEntropy with a live weight",
    finiteDifferences: false,
    inputs: {
      logits: { shape: [7, 20] },
      targets: targets(7, 20),
      mask: mask(7),
      knobs: { shape: [4], differentiable: false, value: (i) => [1, 1, 27.8, 1][i]! },
    },
    build: (tape, { logits, targets, mask, knobs }) => {
      const weight = { tensor: knobs!, index: 2 };
      return [crossEntropy(tape, logits!, targets!, mask!, { weight }).loss];
    },
  },
];
