// Generic test entries of GRPO's advantages and loss.
import { grpoAdvantages, grpoLoss } from "../../../src/losses/grpo.ts";
import { constant, knobValues, prefixMask } from "../masks.ts";
import type { OpCase } from "../op-case.ts";

const LOSSES = [
  { B: 1, G: 1, aggregation: "dr_grpo" },
  { B: 6, G: 9, aggregation: "seq_mean" },
  { B: 65, G: 7, aggregation: "token_mean" },
  { B: 7, G: 65, aggregation: "dr_grpo" },
] as const;

export const cases: readonly OpCase[] = [
  ...(["group", "batch", "none"] as const).map((scale): OpCase => ({
    name: `grpoAdvantages by ${scale}`,
    // group 1 has equal rewards whose mean is rounded
    inputs: {
      rewards: {
        shape: [65, 6],
        differentiable: false,
        value: (i, next) => (Math.floor(i / 6) === 1 ? 0.1 : next()),
      },
    },
    build: (tape, { rewards }) => {
      const { advantages, stats } = grpoAdvantages(tape, rewards!, { scale });
      return [advantages, stats];
    },
  })),
  ...LOSSES.map(({ B, G, aggregation }): OpCase => ({
    name: `grpoLoss ${String(B)}x${String(G)} ${aggregation}`,
    inputs: {
      lp: { shape: [B, G], value: (_i, next) => next() - 0.5 },
      lpOld: { ...constant(B, G), value: () => 0 },
      ref: { ...constant(B, G), value: (_i, next) => next() - 0.5 },
      advantages: constant(B),
      mask: prefixMask(B, G),
      knobs: knobValues(),
    },
    build: (tape, { lp, lpOld, ref, advantages, mask, knobs }) => {
      const inputs = { lp: lp!, lpOld: lpOld!, ref: ref!, advantages: advantages!, mask: mask! };
      const once = grpoLoss(tape, inputs, knobs!, { aggregation });
      const twice = grpoLoss(tape, inputs, knobs!, { aggregation, maxLength: 2 * G });
      return [once.loss, once.stats, twice.loss];
    },
  })),
];
