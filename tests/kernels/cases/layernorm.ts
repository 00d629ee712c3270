// Generic test entries of layer normalisation.
import { gelu } from "../../../src/kernels/gelu.ts";
import { layernorm } from "../../../src/kernels/layernorm.ts";
import type { OpCase } from "../op-case.ts";

const SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 7],
  [7, 65],
  [65, 32],
  [257, 3],
  [1757, 16],
];

export const cases: readonly OpCase[] = [
  ...SHAPES.map(([R, C]): OpCase => ({
    name: `layernorm ${String(R)}x${String(C)}`,
    inputs: { x: { shape: [R, C] }, w: { shape: [C] }, b: { shape: [C] } },
    build: (tape, { x, w, b }) => [layernorm(tape, x!, w!, b!)],
  })),
  // 40 columns are ten vectors: more than a subgroup of four or eight loads at once, and no multiple of either
  ...([4, 40, 64] as const).map((C): OpCase => ({
    name: `layernorm 67x${String(C)} in every variant`,
    inputs: { x: { shape: [67, C] }, w: { shape: [C] }, b: { shape: [C] } },
    variants: "all",
    // the same input twice: the second derivative of x is added to the first
    build: (tape, { x, w, b }) => [layernorm(tape, x!, w!, b!), layernorm(tape, x!, b!, w!)],
  })),
  {
    name: "layernorm twice with one gain and one input",
    inputs: { x: { shape: [2, 3, 5] }, w: { shape: [5] }, b: { shape: [5] } },
    build: (tape, { x, w, b }) => {
      const y = layernorm(tape, gelu(tape, x!), w!, b!, 1e-3);
      return [layernorm(tape, y, w!, b!), layernorm(tape, x!, w!, b!)];
    },
  },
  {
    name: "layernorm with a frozen bias",
    inputs: {
      x: { shape: [9, 12] },
      w: { shape: [12] },
      b: { shape: [12], differentiable: false },
    },
    build: (tape, { x, w, b }) => [layernorm(tape, x!, w!, b!)],
  },
  {
    name: "layernorm with a mean far from zero",
    inputs: {
      x: { shape: [5, 64], value: (_i, next) => 100 + next() },
      w: { shape: [64], differentiable: false },
      b: { shape: [64], differentiable: false },
    },
    build: (tape, { x, w, b }) => [layernorm(tape, x!, w!, b!)],
    tolerance: 2e-4,
  },
];
