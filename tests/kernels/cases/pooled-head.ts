// Generic test entries of the value head and of the reward head in both modes.
import { pooledHead } from "../../../src/kernels/pooled-head.ts";
import { scalarHead } from "../../../src/kernels/scalar-head.ts";
import type { InputSpec, OpCase } from "../op-case.ts";

const SHAPES: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [3, 7, 65],
  [65, 5, 17],
];
/** Lengths 1, 2, .. G, 1, ..: prefixes of ones. */
const mask = (B: number, G: number): InputSpec => ({
  shape: [B, G],
  differentiable: false,
  value: (i) => (i % G <= Math.floor(i / G) % G ? 1 : 0),
});
const last = (B: number, G: number): InputSpec => ({
  shape: [B],
  dtype: "u32",
  value: (i) => i % G,
});

export const cases: readonly OpCase[] = [
  ...[1, 7, 65, 257, 1757].map((R): OpCase => ({
    name: `scalarHead ${String(R)}x19`,
    inputs: { h: { shape: [R, 19] }, w: { shape: [19] }, b: { shape: [1] } },
    build: (tape, { h, w, b }) => [scalarHead(tape, h!, w!, b!)],
  })),
  {
    name: "scalarHead twice with the same parameters",
    inputs: { h: { shape: [9, 4] }, w: { shape: [4] }, b: { shape: [1] } },
    build: (tape, { h, w, b }) => [scalarHead(tape, h!, w!, b!), scalarHead(tape, h!, w!, b!)],
  },
  ...SHAPES.flatMap(([B, G, C]): OpCase[] => [
    {
      name: `pooledHead mean ${String(B)}x${String(G)}x${String(C)}`,
      inputs: {
        h: { shape: [B * G, C] },
        w: { shape: [C] },
        b: { shape: [1] },
        alpha: { shape: [1] },
        logp: { shape: [B, G], differentiable: false },
        mask: mask(B, G),
      },
      build: (tape, { h, w, b, alpha, logp, mask }) => [
        pooledHead(tape, { h: h!, w: w!, b: b!, alpha: alpha!, logp: logp!, mask: mask! }, "mean"),
      ],
    },
    {
      name: `pooledHead last ${String(B)}x${String(G)}x${String(C)}`,
      inputs: {
        h: { shape: [B * G, C] },
        w: { shape: [C] },
        b: { shape: [1] },
        lastIndex: last(B, G),
        mask: mask(B, G),
      },
      build: (tape, { h, w, b, lastIndex, mask }) => [
        pooledHead(tape, { h: h!, w: w!, b: b!, lastIndex: lastIndex!, mask: mask! }, "last"),
      ],
    },
  ]),
  {
    name: "pooledHead of frozen features, twice",
    inputs: {
      h: { shape: [6, 5], differentiable: false },
      w: { shape: [5] },
      b: { shape: [1] },
      alpha: { shape: [1] },
      logp: { shape: [2, 3], differentiable: false },
      mask: mask(2, 3),
    },
    build: (tape, { h, w, b, alpha, logp, mask }) => {
      const head = { h: h!, w: w!, b: b!, alpha: alpha!, logp: logp!, mask: mask! };
      return [pooledHead(tape, head, "mean"), pooledHead(tape, head, "mean")];
    },
  },
];
