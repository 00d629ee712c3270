// Generic test entries of the activations: written, accumulated and far from zero.
import { geluErf, silu, swiglu } from "../../../src/kernels/activation.ts";
import type { OpCase } from "../op-case.ts";

const SIZES = [1, 7, 65, 257, 1757];
const FAR = [-100, -20, -9, -1, 0.5, 1, 20, 100];

// names of their own, because a build for the browser shortens those of functions
const OPS = { geluErf, silu };

export const cases: readonly OpCase[] = [
  ...Object.entries(OPS).flatMap(([name, op]): OpCase[] => [
    ...SIZES.map((N): OpCase => ({
      name: `${name} ${String(N)}`,
      inputs: { x: { shape: [N] } },
      build: (tape, { x }) => [op(tape, x!)],
    })),
    {
      name: `${name} twice on one input`,
      inputs: { x: { shape: [3, 11] } },
      build: (tape, { x }) => [op(tape, x!), op(tape, op(tape, x!))],
    },
    {
      name: `${name} far from zero`,
      inputs: { x: { shape: [FAR.length], value: (i) => FAR[i]! } },
      build: (tape, { x }) => [op(tape, x!)],
    },
  ]),
  ...SIZES.map((N): OpCase => ({
    name: `swiglu ${String(N)}`,
    inputs: { gate: { shape: [N] }, up: { shape: [N] } },
    build: (tape, { gate, up }) => [swiglu(tape, gate!, up!)],
  })),
  {
    name: "swiglu twice on one pair, and with a frozen gate",
    inputs: {
      gate: { shape: [19] },
      up: { shape: [19] },
      frozen: { shape: [19], differentiable: false },
    },
    build: (tape, { gate, up, frozen }) => [
      swiglu(tape, gate!, up!),
      swiglu(tape, up!, gate!),
      swiglu(tape, frozen!, up!),
    ],
  },
];
