// Generic test entries of softmax.
import { softmax } from "../../../src/kernels/softmax.ts";
import type { OpCase } from "../op-case.ts";

const SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [7, 65],
  [257, 3],
  [3, 1757],
];

export const cases: readonly OpCase[] = [
  ...SHAPES.map(([R, C]): OpCase => ({
    name: `softmax ${String(R)}x${String(C)}`,
    inputs: { z: { shape: [R, C] } },
    build: (tape, { z }) => [softmax(tape, z!)],
  })),
  {
    name: "softmax of large logits, twice on one input",
    inputs: { z: { shape: [2, 5], value: (_i, next) => 1000 + 2 * next() } },
    build: (tape, { z }) => [softmax(tape, z!), softmax(tape, softmax(tape, z!))],
    tolerance: 1e-4,
  },
];
