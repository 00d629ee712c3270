// Generic test entries of the optimiser: the step itself and the step after measuring the norm.
import { ADAMW_KNOBS, adamw, adamwKnobs } from "../../../src/kernels/adamw.ts";
import { globalNorm } from "../../../src/kernels/global-norm.ts";
import type { OpCase } from "../op-case.ts";

const KNOBS = adamwKnobs(3, { learningRate: 0.05, weightDecay: 0.1, maxNorm: 2 });

interface Variant {
  readonly N: number;
  readonly decayEnd: number;
  /** a gradient that must stop the update */
  readonly poison?: number;
}

const variants: readonly Variant[] = [
  { N: 1, decayEnd: 0 },
  { N: 65, decayEnd: 65 },
  { N: 1757, decayEnd: 1000 },
  { N: 20011, decayEnd: 64 },
  { N: 20012, decayEnd: 65 },
  { N: 257, decayEnd: 64, poison: NaN },
  { N: 257, decayEnd: 64, poison: Infinity },
  { N: 257, decayEnd: 64, poison: 1e30 },
];

export const cases: readonly OpCase[] = variants.map(({ N, decayEnd, poison }) => ({
  name: `adamw ${String(N)}${poison === undefined ? "" : ` with a gradient of ${String(poison)}`}`,
  ...(N === 20012 ? { variants: "all" } : {}),
  inputs: {
    values: { shape: [N], differentiable: false },
    grads: {
      shape: [N],
      differentiable: false,
      value: (i, next) => (poison !== undefined && i === N - 2 ? poison : next() - 0.5),
    },
    m: { shape: [N], differentiable: false, value: (_i, next) => next() - 0.5 },
    v: { shape: [N], differentiable: false, value: (_i, next) => next() + 0.01 },
    state: { shape: [4], differentiable: false, value: () => 5 },
    knobs: { shape: [ADAMW_KNOBS.size], differentiable: false, value: (i) => KNOBS[i]! },
  },
  build: (tape, { values, grads, m, v, state, knobs }) => {
    globalNorm(tape, grads!, state!, knobs!);
    adamw(tape, values!, grads!, m!, v!, state!, knobs!, decayEnd);
    // The norm itself is compared only where it is a number.
    return poison === undefined ? [values!, m!, v!, state!] : [values!, m!, v!];
  },
}));
