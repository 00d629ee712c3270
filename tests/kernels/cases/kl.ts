// Generic test entries of KL estimators, exact KL and the token rewards of PPO.
import { klRewards } from "../../../src/kernels/kl-rewards.ts";
import { klEstimators, klFull } from "../../../src/kernels/kl.ts";
import { constant, knobValues, prefixMask } from "../masks.ts";
import type { OpCase } from "../op-case.ts";

const REWARDS = [
  { B: 1, G: 1, estimator: 1, missingEos: "none" },
  { B: 9, G: 7, estimator: 2, missingEos: "penalty" },
  { B: 65, G: 5, estimator: 3, missingEos: "value" },
] as const;

export const cases: readonly OpCase[] = [
  ...[1, 65, 257].map((N): OpCase => ({
    name: `klEstimators ${String(N)}`,
    inputs: { lp: { shape: [N] }, ref: constant(N) },
    build: (tape, { lp, ref }) => {
      const { k1, k2, k3 } = klEstimators(tape, lp!, ref!);
      return [k1, k2, k3];
    },
  })),
  {
    name: "klEstimators of nearly equal models, one estimator each",
    inputs: {
      lp: { shape: [7], value: (i) => -1 - i },
      ref: { shape: [7], differentiable: false, value: (i) => -1 - i - (i - 3) * 1e-4 },
    },
    build: (tape, { lp, ref }) => [
      klEstimators(tape, lp!, ref!).k1,
      klEstimators(tape, lp!, ref!).k2,
      klEstimators(tape, lp!, ref!).k3,
    ],
  },
  ...(
    [
      [1, 1],
      [7, 17],
      [65, 40],
    ] as const
  ).map(([R, V]): OpCase => ({
    name: `klFull ${String(R)}x${String(V)}`,
    inputs: { logits: { shape: [R, V] }, reference: constant(R, V) },
    build: (tape, { logits, reference }) => [
      klFull(tape, logits!, reference!),
      klFull(tape, logits!, reference!),
    ],
  })),
  ...REWARDS.map(({ B, G, estimator, missingEos }): OpCase => ({
    name: `klRewards ${String(B)}x${String(G)} k${String(estimator)} ${missingEos}`,
    inputs: {
      scores: constant(B),
      lp: constant(B, G),
      ref: constant(B, G),
      mask: prefixMask(B, G),
      hasEos: { shape: [B], differentiable: false, value: (i) => i % 2 },
      knobs: knobValues(),
    },
    build: (tape, { scores, lp, ref, mask, hasEos, knobs }) => {
      const inputs = { scores: scores!, lp: lp!, ref: ref!, mask: mask!, hasEos: hasEos! };
      const result = klRewards(tape, inputs, knobs!, { estimator, missingEos });
      return [result.tokenRewards, result.kl, result.scoresUsed];
    },
  })),
];
