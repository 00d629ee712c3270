// Normalises rewards by the scores of demonstrations: their mean becomes 0 and, if wanted, their variance 1.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

interface Consts {
  readonly [name: string]: number | boolean;
  readonly N: number;
}

const SMALLEST_VARIANCE = 1e-12;

export const rewardMomentsForward: Kernel<"scores" | "moments", Consts> = {
  name: "reward_moments",
  writes: ["moments"],
  grid: () => [1],
  reference({ scores, moments }, { N }) {
    let bias = 0;
    for (let n = 0; n < N; n++) bias += scores[n]! / N;
    let variance = 0;
    for (let n = 0; n < N; n++) variance += (scores[n]! - bias) ** 2 / N;
    moments[0] = bias;
    moments[1] = 1 / Math.sqrt(Math.max(variance, SMALLEST_VARIANCE));
  },
};

/**
 * Mean and inverse standard deviation (biased) of the scores of demonstrations (n).
 * @param moments where they go, (2): bias, gain; a temporary by default
 * @throws RangeError when moments does not have 2 elements.
 */
export function rewardMoments(tape: Tape, demoScores: Tensor, moments?: Tensor): Tensor {
  const target = moments ?? tape.scratch("reward.moments", [2]);
  check(
    size(target.shape) === 2,
    `rewardMoments: ${describe(target)} cannot hold the moments, expected 2 elements`,
  );
  const N = size(demoScores.shape);
  tape.call(rewardMomentsForward, { scores: demoScores, moments: target }, { N });
  return target;
}

type UnitConsts = Consts & { readonly UNIT: boolean };

export const rewardNormaliseForward: Kernel<"x" | "moments" | "y", UnitConsts> = {
  name: "reward_normalise",
  writes: ["y"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ x, moments, y }, { N, UNIT }) {
    for (let i = 0; i < N; i++) y[i] = (x[i]! - moments[0]!) * (UNIT ? moments[1]! : 1);
  },
};

export const rewardNormaliseBackward: Kernel<
  "dy" | "moments" | "dx",
  UnitConsts & { readonly ACCUMULATE: boolean }
> = {
  name: "reward_normalise_backward",
  writes: ["dx"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ dy, moments, dx }, { N, UNIT, ACCUMULATE }) {
    for (let i = 0; i < N; i++) {
      dx[i] = (ACCUMULATE ? dx[i]! : 0) + dy[i]! * (UNIT ? moments[1]! : 1);
    }
  },
};

/**
 * y = x - bias (InstructGPT section 3.5: demonstrations score 0 on average), times the gain when `unit` is set
 * (Ziegler et al. 2019, section 2.1: variance 1). The moments are constants for backward.
 * @param moments (2) as rewardMoments leaves them
 */
export function rewardNormalise(
  tape: Tape,
  x: Tensor,
  moments: Tensor,
  { unit: UNIT = false }: { readonly unit?: boolean } = {},
): Tensor {
  const N = size(x.shape);
  const y = tape.result("reward", x.shape, x);
  tape.call(rewardNormaliseForward, { x, moments, y }, { N, UNIT });
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    const dx = tape.into(x);
    if (dx === undefined) return;
    const consts = { N, UNIT, ACCUMULATE: dx.ACCUMULATE };
    tape.call(rewardNormaliseBackward, { dy, moments, dx: dx.tensor }, consts);
  });
  return y;
}
