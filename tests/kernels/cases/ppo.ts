// Generic test entries of PPO's losses and of the metrics of a rollout.
import { rolloutMetrics } from "../../../src/kernels/rollout-metrics.ts";
import { ppoValueLoss } from "../../../src/losses/ppo-value.ts";
import { ppoPolicyLoss } from "../../../src/losses/ppo.ts";
import { constant, knobValues, prefixMask } from "../masks.ts";
import type { InputSpec, OpCase } from "../op-case.ts";

const SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [5, 7],
  [65, 17],
];
/** Close enough to a zero tensor that some ratios are clipped and some are not. */
const near = (B: number, G: number, spread = 0.3): InputSpec => ({
  shape: [B, G],
  value: (_i, next) => (next() - 0.5) * 2 * spread,
});
const zero = (B: number, G: number): InputSpec => ({ ...constant(B, G), value: () => 0 });

export const cases: readonly OpCase[] = [
  ...SHAPES.flatMap(([B, G]): OpCase[] => [
    {
      name: `ppoPolicyLoss ${String(B)}x${String(G)}`,
      inputs: {
        lp: near(B, G),
        lpOld: zero(B, G),
        advantages: constant(B, G),
        mask: prefixMask(B, G),
        entropy: { shape: [B, G] },
        knobs: knobValues(),
      },
      build: (tape, { lp, lpOld, advantages, mask, entropy, knobs }) => {
        const inputs = { lp: lp!, lpOld: lpOld!, advantages: advantages!, mask: mask! };
        const { loss, stats } = ppoPolicyLoss(tape, { ...inputs, entropy: entropy! }, knobs!);
        return [loss, stats];
      },
    },
    {
      name: `ppoValueLoss ${String(B)}x${String(G)}`,
      inputs: {
        values: { shape: [B, G] },
        valuesOld: constant(B, G),
        returns: constant(B, G),
        mask: prefixMask(B, G),
        knobs: knobValues(),
      },
      build: (tape, { values, valuesOld, returns, mask, knobs }) => {
        const inputs = { values: values!, valuesOld: valuesOld!, returns: returns!, mask: mask! };
        const { loss, stats } = ppoValueLoss(tape, inputs, knobs!);
        return [loss, stats];
      },
    },
    {
      name: `rolloutMetrics ${String(B)}x${String(G)}`,
      inputs: {
        kl: constant(B, G),
        lp: constant(B, G),
        mask: prefixMask(B, G),
        scoresUsed: constant(B),
        hasEos: { shape: [B], differentiable: false, value: (i) => i % 2 },
        knobs: knobValues(),
      },
      build: (tape, { kl, lp, mask, scoresUsed, hasEos, knobs }) => {
        const inputs = { kl: kl!, lp: lp!, mask: mask! };
        return [
          rolloutMetrics(tape, { ...inputs, scoresUsed: scoresUsed!, hasEos: hasEos! }, knobs!),
        ];
      },
    },
  ]),
  {
    name: "ppo losses twice, without value clipping",
    inputs: {
      x: near(3, 5),
      zero: zero(3, 5),
      signal: constant(3, 5),
      mask: prefixMask(3, 5),
      entropy: { shape: [3, 5] },
      knobs: knobValues({ valueClip: 0 }),
    },
    build: (tape, { x, zero, signal, mask, entropy, knobs }) => {
      const policy = { lp: x!, lpOld: zero!, advantages: signal!, mask: mask!, entropy: entropy! };
      const value = { values: x!, valuesOld: zero!, returns: signal!, mask: mask! };
      return [
        ppoPolicyLoss(tape, policy, knobs!).loss,
        ppoPolicyLoss(tape, policy, knobs!).loss,
        ppoValueLoss(tape, value, knobs!).loss,
        ppoValueLoss(tape, value, knobs!).loss,
      ];
    },
  },
  {
    name: "ppo losses of an empty mask with far ratios",
    inputs: {
      lp: { shape: [2, 4], value: () => -50 },
      lpOld: { shape: [2, 4], differentiable: false, value: () => 90 },
      advantages: constant(2, 4),
      mask: { shape: [2, 4], differentiable: false, value: () => 0 },
      entropy: { shape: [2, 4] },
      knobs: knobValues(),
    },
    build: (tape, { lp, lpOld, advantages, mask, entropy, knobs }) => {
      const policy = { lp: lp!, lpOld: lpOld!, advantages: advantages!, mask: mask! };
      const value = { values: lp!, valuesOld: lpOld!, returns: advantages!, mask: mask! };
      const first = ppoPolicyLoss(tape, { ...policy, entropy: entropy! }, knobs!);
      const second = ppoValueLoss(tape, value, knobs!);
      return [first.loss, first.stats, second.loss, second.stats];
    },
  },
];
