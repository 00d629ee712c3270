// PPO's clipped value loss, as in Ziegler et al. 2019: for a value model apart from the policy.
import { checkKnobs, KNOBS } from "../kernels/knobs.ts";
import { reduceRows } from "../kernels/reduce.ts";
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import type { Tensor, TypedArray } from "../plan/tensor.ts";
import { sameSize } from "./loss.ts";
import type { Loss } from "./loss.ts";

interface ValueConsts {
  readonly [name: string]: number | boolean;
  readonly N: number;
  readonly CLIP: number;
  readonly COEFFICIENT: number;
}

/** Index of each statistic of `ppoValueLoss`; means are over the mask. */
export const VALUE_STATS = {
  /** valueCoefficient · valueLoss: what is differentiated */
  loss: 0,
  /** half the mean of the larger squared error, unclipped or clipped */
  valueLoss: 1,
  /** share of tokens whose clipped error is the larger */
  clipFraction: 2,
  valueMean: 3,
  /** mean squared error */
  valueError: 4,
  returnMean: 5,
  returnVariance: 6,
  /** 1 - variance of the error / variance of the returns */
  explainedVariance: 7,
  tokens: 8,
} as const;
const VALUE_COLUMNS = 8;
const VALUE_STATISTICS = 9;

/** Squared errors of one value, unclipped and clipped; a range of 0 or less turns clipping off. */
function errors(v: number, old: number, ret: number, clip: number): { vf1: number; vf2: number } {
  const clipped = clip > 0 ? Math.min(old + clip, Math.max(old - clip, v)) : v;
  return { vf1: (v - ret) ** 2, vf2: (clipped - ret) ** 2 };
}

export const ppoValueForward: Kernel<
  "values" | "old" | "returns" | "mask" | "knobs" | "terms",
  ValueConsts
> = {
  name: "loss_ppo_value",
  writes: ["terms"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ values, old, returns, mask, knobs, terms }, { N, CLIP, COEFFICIENT }) {
    terms.fill(0, 0, N * VALUE_COLUMNS);
    for (let i = 0; i < N; i++) {
      if (mask[i] === 0) continue;
      const v = values[i]!;
      const ret = returns[i]!;
      const { vf1, vf2 } = errors(v, old[i]!, ret, knobs[CLIP]!);
      const loss = 0.5 * Math.max(vf1, vf2);
      const clipped = vf2 > vf1 ? 1 : 0;
      terms.set(
        [knobs[COEFFICIENT]! * loss, loss, clipped, v, vf1, ret, ret - v, 1],
        i * VALUE_COLUMNS,
      );
    }
  },
};

function meansOf(sums: TypedArray): { count: number; returnMean: number; errorMean: number } {
  const count = Math.max(1, sums[7]!);
  return { count, returnMean: sums[5]! / count, errorMean: sums[6]! / count };
}

export const ppoValueDeviations: Kernel<
  "values" | "returns" | "mask" | "sums" | "squares",
  { readonly N: number }
> = {
  name: "loss_ppo_value_deviations",
  writes: ["squares"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ values, returns, mask, sums, squares }, { N }) {
    const { returnMean, errorMean } = meansOf(sums);
    for (let i = 0; i < N; i++) {
      const real = mask[i] !== 0;
      squares[2 * i] = real ? (returns[i]! - returnMean) ** 2 : 0;
      squares[2 * i + 1] = real ? (returns[i]! - values[i]! - errorMean) ** 2 : 0;
    }
  },
};

export const ppoValueStats: Kernel<"sums" | "squares" | "loss" | "stats", Record<string, never>> = {
  name: "loss_ppo_value_stats",
  writes: ["loss", "stats"],
  grid: () => [1],
  reference({ sums, squares, loss, stats }) {
    const { count } = meansOf(sums);
    const variance = squares[0]! / count;
    const explained = 1 - squares[1]! / count / Math.max(variance, 1e-8);
    for (let c = 0; c < 6; c++) stats[c] = sums[c]! / count;
    stats.set([variance, explained, sums[7]!], VALUE_STATS.returnVariance);
    loss[0] = stats[0]!;
  },
};

export const ppoValueBackward: Kernel<
  "values" | "old" | "returns" | "mask" | "knobs" | "sums" | "dvalues",
  ValueConsts & { readonly ACCUMULATE: boolean }
> = {
  name: "loss_ppo_value_backward",
  writes: ["dvalues"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference(buffers, { N, CLIP, COEFFICIENT, ACCUMULATE }) {
    const { values, old, returns, mask, knobs, sums, dvalues } = buffers;
    const { count } = meansOf(sums);
    for (let i = 0; i < N; i++) {
      const { vf1, vf2 } = errors(values[i]!, old[i]!, returns[i]!, knobs[CLIP]!);
      const active = mask[i] !== 0 && vf2 <= vf1;
      const d = active ? (knobs[COEFFICIENT]! * (values[i]! - returns[i]!)) / count : 0;
      dvalues[i] = ACCUMULATE ? dvalues[i]! + d : d;
    }
  },
};

export interface ValueInputs {
  /** values of the model being trained; (B,G) like everything else here */
  readonly values: Tensor;
  /** values at rollout time */
  readonly valuesOld: Tensor;
  /** unwhitened */
  readonly returns: Tensor;
  /** f32, 1 = response token; anything may stand outside the mask in the other inputs */
  readonly mask: Tensor;
}

/**
 * valueCoefficient · 0.5 · M(max((v - ret)², (clip(v, vOld ± valueClip) - ret)²)), M the mean over the mask.
 * Backward reaches values.
 * @param knobs reads KNOBS.valueClip and KNOBS.valueCoefficient
 * @param stats (9) where the statistics go; see VALUE_STATS
 * @throws RangeError when sizes differ.
 */
export function ppoValueLoss(
  tape: Tape,
  { values, valuesOld, returns, mask }: ValueInputs,
  knobs: Tensor,
  stats?: Tensor,
): Loss {
  checkKnobs("ppoValueLoss", knobs);
  const N = sameSize("ppoValueLoss", [values, valuesOld, returns, mask]);
  const consts = { N, CLIP: KNOBS.valueClip, COEFFICIENT: KNOBS.valueCoefficient };
  const inputs = { values, old: valuesOld, returns, mask, knobs };
  const terms = tape.scratch("value.terms", [N, VALUE_COLUMNS]);
  tape.call(ppoValueForward, { ...inputs, terms }, consts);
  const sums = reduceRows(tape, terms);
  const deviations = tape.scratch("value.squares", [N, 2]);
  tape.call(ppoValueDeviations, { values, returns, mask, sums, squares: deviations }, { N });
  const squares = reduceRows(tape, deviations);
  const loss = tape.result("value-loss", [], values);
  const target = stats ?? tape.scratch("value-loss.stats", [VALUE_STATISTICS]);
  tape.call(ppoValueStats, { sums, squares, loss, stats: target }, {});
  tape.onBackward(loss, () => {
    const dvalues = tape.into(values);
    if (dvalues === undefined) return;
    const bindings = { ...inputs, sums, dvalues: dvalues.tensor };
    tape.call(ppoValueBackward, bindings, { ...consts, ACCUMULATE: dvalues.ACCUMULATE });
  });
  return { loss, stats: target };
}
