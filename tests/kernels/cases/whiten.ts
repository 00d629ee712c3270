// Generic test entries of masked whitening.
import { whiten } from "../../../src/kernels/whiten.ts";
import { constant, prefixMask } from "../masks.ts";
import type { OpCase } from "../op-case.ts";

const SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [3, 5],
  [65, 27],
];

export const cases: readonly OpCase[] = [
  ...SHAPES.map(([B, G]): OpCase => ({
    name: `whiten ${String(B)}x${String(G)}`,
    inputs: { x: constant(B, G), mask: prefixMask(B, G) },
    build: (tape, { x, mask }) => [
      whiten(tape, x!, mask!),
      whiten(tape, x!, mask!, { shiftMean: false, unbiased: true }),
    ],
  })),
  {
    // 0.3 is not a float: its mean over 45 tokens differs from it by a rounding, which must not be amplified
    name: "whiten of equal values",
    tolerance: 1e-7,
    inputs: {
      x: { shape: [9, 9], differentiable: false, value: () => 0.3 },
      mask: prefixMask(9, 9),
    },
    build: (tape, { x, mask }) => [whiten(tape, x!, mask!)],
  },
  {
    name: "whiten of an empty mask",
    inputs: {
      x: { shape: [2, 4], differentiable: false, value: () => 777 },
      mask: { shape: [2, 4], differentiable: false, value: () => 0 },
    },
    build: (tape, { x, mask }) => [whiten(tape, x!, mask!, { shiftMean: false })],
  },
];
