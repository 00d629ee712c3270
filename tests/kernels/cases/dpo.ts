// Generic test entries of DPO and of sequence sums.
import { sequenceSum } from "../../../src/kernels/sequence-sum.ts";
import { dpo, dpoLogits } from "../../../src/losses/dpo.ts";
import { constant, knobValues, prefixMask } from "../masks.ts";
import type { OpCase } from "../op-case.ts";

const pairs = [1, 7, 65].flatMap((N) =>
  (["sigmoid", "ipo", "hinge"] as const).map((kind): OpCase => ({
    name: `dpo ${String(N)} ${kind}`,
    inputs: { lp: { shape: [2 * N] }, reference: constant(2 * N), knobs: knobValues() },
    build: (tape, { lp, reference, knobs }) => {
      const { loss, stats, pairs } = dpo(tape, lp!, reference!, knobs!, { kind });
      return [loss, stats, pairs];
    },
  })),
);

export const cases: readonly OpCase[] = [
  ...pairs,
  {
    // h = 0: the slope of -log sigmoid must be 1/2 here
    name: "dpo of a policy that equals the reference, twice",
    inputs: {
      lp: { shape: [8], value: (i) => -i },
      reference: { shape: [8], differentiable: false, value: (i) => -i },
      knobs: knobValues({ labelSmoothing: 0 }),
    },
    build: (tape, { lp, reference, knobs }) => [
      dpo(tape, lp!, reference!, knobs!).loss,
      dpo(tape, lp!, reference!, knobs!).loss,
    ],
  },
  {
    name: "dpoLogits",
    inputs: {
      logits: { shape: [6, 5, 13] },
      refLogits: constant(6, 5, 13),
      targets: { shape: [6, 5], dtype: "i32", value: (_i, next) => Math.floor(next() * 13) },
      mask: prefixMask(6, 5),
      knobs: knobValues(),
    },
    build: (tape, { logits, refLogits, targets, mask, knobs }) => {
      const inputs = {
        logits: logits!,
        refLogits: refLogits!,
        targets: targets!,
        mask: mask!,
      };
      const { loss, refLogp } = dpoLogits(tape, inputs, knobs!);
      return [loss, refLogp];
    },
  },
  {
    name: "sequenceSum twice over the same tokens",
    inputs: { x: { shape: [65, 7] }, mask: prefixMask(65, 7) },
    build: (tape, { x, mask }) => [sequenceSum(tape, x!, mask!), sequenceSum(tape, x!, mask!)],
  },
];
