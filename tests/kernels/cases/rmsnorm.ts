// Generic test entries of root-mean-square normalisation.
import { rmsnorm } from "../../../src/kernels/rmsnorm.ts";
import type { OpCase } from "../op-case.ts";

const SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 7],
  [7, 65],
  [257, 3],
  [1757, 16],
];

export const cases: readonly OpCase[] = [
  ...SHAPES.map(([R, C]): OpCase => ({
    name: `rmsnorm ${String(R)}x${String(C)}`,
    inputs: { x: { shape: [R, C] }, w: { shape: [C] } },
    build: (tape, { x, w }) => [rmsnorm(tape, x!, w!, 1e-2)],
  })),
  {
    name: "rmsnorm twice with one gain and one input",
    inputs: { x: { shape: [2, 3, 5] }, w: { shape: [5] } },
    build: (tape, { x, w }) => [rmsnorm(tape, rmsnorm(tape, x!, w!), w!), rmsnorm(tape, x!, w!)],
  },
  {
    name: "rmsnorm with a frozen gain",
    inputs: { x: { shape: [9, 12] }, w: { shape: [12], differentiable: false } },
    build: (tape, { x, w }) => [rmsnorm(tape, x!, w!)],
  },
];
