// Generic test entries of reward normalisation: by bias, by bias and gain, and with equal demonstrations.
import { rewardMoments, rewardNormalise } from "../../../src/kernels/reward-normalise.ts";
import type { OpCase } from "../op-case.ts";

const SIZES: readonly (readonly [number, number])[] = [
  [1, 1],
  [7, 65],
  [257, 1757],
];

export const cases: readonly OpCase[] = [
  ...SIZES.map(([n, N]): OpCase => ({
    name: `rewardNormalise ${String(N)} by ${String(n)}`,
    inputs: { demo: { shape: [n], differentiable: false }, x: { shape: [N] } },
    build: (tape, { demo, x }) => {
      const moments = rewardMoments(tape, demo!);
      const bias = rewardNormalise(tape, x!, moments);
      return n === 1 ? [bias] : [moments, bias, rewardNormalise(tape, x!, moments, { unit: true })];
    },
  })),
  {
    name: "rewardNormalise by equal demonstrations",
    inputs: {
      demo: { shape: [4], differentiable: false, value: () => 0.5 },
      x: { shape: [3], differentiable: false, value: () => 0.5 },
    },
    build: (tape, { demo, x }) => [
      rewardNormalise(tape, x!, rewardMoments(tape, demo!), { unit: true }),
    ],
  },
];
