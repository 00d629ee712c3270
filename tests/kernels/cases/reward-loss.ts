// Generic test entries of the reward model's losses.
import { centeredPair } from "../../../src/kernels/centered-pair.ts";
import { KNOB_COUNT } from "../../../src/kernels/knobs.ts";
import { rewardLoss } from "../../../src/kernels/reward-loss.ts";
import type { InputSpec, OpCase } from "../op-case.ts";

const SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [3, 2],
  [7, 9],
  [65, 4],
];
const ranks = (N: number, K: number, highest = K): InputSpec => ({
  shape: [N, K],
  dtype: "i32",
  value: (_i, next) => 1 + Math.floor(next() * highest),
});
/** Items 0 and 1 always exist, the others mostly. */
const present = (N: number, K: number): InputSpec => ({
  shape: [N, K],
  differentiable: false,
  value: (i, next) => (i % K < 2 || next() < 0.7 ? 1 : 0),
});

export const cases: readonly OpCase[] = [
  ...SHAPES.flatMap(([N, K]) =>
    (["drop", "half"] as const).map((ties): OpCase => ({
      name: `rewardLoss ${String(N)}x${String(K)} ${ties}`,
      inputs: { r: { shape: [N, K] }, rank: ranks(N, K), present: present(N, K) },
      build: (tape, { r, rank, present }) => {
        const norm = ties === "drop" ? "valid_pairs" : "all_pairs";
        const { loss, perPrompt, stats } = rewardLoss(tape, r!, rank!, present!, { ties, norm });
        return [loss, perPrompt, stats];
      },
    })),
  ),
  {
    name: "rewardLoss of ties only",
    inputs: { r: { shape: [2, 4] }, rank: ranks(2, 4, 1), present: present(2, 4) },
    build: (tape, { r, rank, present }) => {
      const { loss, stats } = rewardLoss(tape, r!, rank!, present!);
      return [loss, stats];
    },
  },
  {
    name: "rewardLoss of extreme scores, twice",
    inputs: {
      r: { shape: [3, 4], value: (i) => [60, -60, 0, 0, 12, 1, 0, -1, 0, 0, 0, 0][i]! },
      rank: { shape: [3, 4], dtype: "i32", value: (i) => [2, 1, 3, 4, 1, 2, 3, 4, 4, 3, 2, 1][i]! },
      present: { shape: [3, 4], differentiable: false, value: () => 1 },
    },
    build: (tape, { r, rank, present }) => [
      rewardLoss(tape, r!, rank!, present!).loss,
      rewardLoss(tape, r!, rank!, present!, { norm: "all_pairs" }).loss,
    ],
  },
  ...[1, 65].map((N): OpCase => ({
    name: `centeredPair ${String(N)}`,
    inputs: {
      rc: { shape: [N] },
      rr: { shape: [N] },
      knobs: { shape: [KNOB_COUNT], differentiable: false, value: () => 0.01 },
    },
    build: (tape, { rc, rr, knobs }) => [
      centeredPair(tape, rc!, rr!, knobs!),
      centeredPair(tape, rr!, rc!, knobs!),
    ],
  })),
];
