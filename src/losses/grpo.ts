// Group relative policy optimisation (Shao et al. 2024, eq. 3): advantages within groups of answers, no value model.
import { k3 } from "../kernels/kl.ts";
import { checkKnobs, KNOBS } from "../kernels/knobs.ts";
import { meanLoss, reduceRows } from "../kernels/reduce.ts";
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor, TypedArray } from "../plan/tensor.ts";
import type { Loss } from "./loss.ts";

/** Divide by the standard deviation of the group, of the whole batch, or not at all (Dr. GRPO). */
export type GrpoScale = "group" | "batch" | "none";
const SCALES: Readonly<Record<GrpoScale, number>> = { group: 0, batch: 1, none: 2 };

/** Mean and standard deviation over n - 1 of x[start..end). */
function moments(x: TypedArray, start: number, end: number): { mean: number; deviation: number } {
  let mean = 0;
  for (let i = start; i < end; i++) mean += x[i]! / (end - start);
  let square = 0;
  for (let i = start; i < end; i++) square += (x[i]! - mean) ** 2;
  return { mean, deviation: Math.sqrt(square / Math.max(1, end - start - 1)) };
}

export const grpoAdvantagesForward: Kernel<
  "rewards" | "advantages" | "flags",
  { readonly P: number; readonly G: number; readonly SCALE: number; readonly EPS: number }
> = {
  name: "grpo_advantages",
  writes: ["advantages", "flags"],
  grid: ({ P }) => row(Math.ceil(P / 64)),
  reference({ rewards, advantages, flags }, { P, G, SCALE, EPS }) {
    for (let p = 0; p < P; p++) {
      const group = moments(rewards, p * G, (p + 1) * G);
      const whole = SCALE === SCALES.batch ? moments(rewards, 0, P * G) : group;
      const divisor = SCALE === SCALES.none ? 1 : whole.deviation + EPS;
      const equal = rewards.subarray(p * G, (p + 1) * G).every((r) => r === rewards[p * G]);
      for (let i = p * G; i < (p + 1) * G; i++) {
        advantages[i] = equal ? 0 : (rewards[i]! - group.mean) / divisor;
      }
      flags.set([equal ? 1 : 0, 1], 2 * p);
    }
  },
};

/**
 * A = (r - mean of the group) / (std + eps), std over n - 1; a group of equal rewards has A = 0 exactly.
 * @param rewards (P,G): G answers to each of P prompts
 * @param options.eps beside the standard deviation (TRL: 1e-4)
 * @param options.stats (2) where the share of groups with equal rewards and the number of groups go
 * @throws RangeError when the rewards are not (P,G).
 */
export function grpoAdvantages(
  tape: Tape,
  rewards: Tensor,
  {
    scale = "group",
    eps = 1e-4,
    stats,
  }: { scale?: GrpoScale; eps?: number; stats?: Tensor | undefined } = {},
): { advantages: Tensor; stats: Tensor } {
  check(
    rewards.shape.length === 2,
    `grpoAdvantages: the rewards must be (P,G), got ${describe(rewards)}`,
  );
  const [P = 1, G = 1] = rewards.shape;
  const advantages = tape.scratch("advantages", [P, G]);
  const flags = tape.scratch("equal", [P, 2]);
  const consts = { P, G, SCALE: SCALES[scale], EPS: eps };
  tape.call(grpoAdvantagesForward, { rewards, advantages, flags }, consts);
  const share = tape.scratch("equal.share", []);
  return { advantages, stats: meanLoss(tape, flags, share, { stats }).stats };
}

/** Mean over sequences of token means, mean over tokens, or sum over a constant (Liu et al. 2025). */
export type GrpoAggregation = "seq_mean" | "token_mean" | "dr_grpo";
const AGGREGATIONS: Readonly<Record<GrpoAggregation, number>> = {
  seq_mean: 0,
  token_mean: 1,
  dr_grpo: 2,
};

/** Index of each statistic of `grpoLoss`; all but the loss are masked means. */
export const GRPO_STATS = {
  loss: 0,
  /** k3 to the reference */
  kl: 1,
  /** share of tokens with ratio < 1 - clip and A < 0 */
  clipLow: 2,
  /** share of tokens with ratio > 1 + clipHigh and A > 0 */
  clipHigh: 3,
  tokens: 4,
} as const;
const ROW_COLUMNS = 6;
const STATISTICS = 5;
const LARGEST = 80;

interface Consts {
  readonly [name: string]: number | boolean;
  readonly B: number;
  readonly G: number;
  readonly CLIP: number;
  readonly CLIP_HIGH: number;
  readonly BETA: number;
}
interface Aggregation {
  readonly [name: string]: number | boolean;
  readonly AGGREGATION: number;
  /** dr_grpo divides by it */
  readonly CONSTANT: number;
}
type Row = Readonly<Record<"lp" | "old" | "reference" | "advantages" | "knobs", TypedArray>>;

/** Loss of one token, its slope in lp, and whether either clip is active. */
function token(
  { lp, old, reference, advantages, knobs }: Row,
  i: number,
  { G, CLIP, CLIP_HIGH, BETA }: Consts,
): { loss: number; slope: number; kl: number; low: number; high: number } {
  const A = advantages[Math.floor(i / G)]!;
  const ratio = Math.exp(Math.min(LARGEST, Math.max(-LARGEST, lp[i]! - old[i]!)));
  const [lowest, highest] = [1 - knobs[CLIP]!, 1 + knobs[CLIP_HIGH]!];
  const bounded = Math.min(highest, Math.max(lowest, ratio)) * A;
  const d = Math.max(-LARGEST, lp[i]! - reference[i]!);
  return {
    loss: knobs[BETA]! * k3(d) - Math.min(ratio * A, bounded),
    slope: -knobs[BETA]! * Math.expm1(-d) - (ratio * A <= bounded ? ratio * A : 0),
    kl: k3(d),
    low: ratio < lowest && A < 0 ? 1 : 0,
    high: ratio > highest && A > 0 ? 1 : 0,
  };
}

export const grpoForward: Kernel<
  "lp" | "old" | "reference" | "advantages" | "mask" | "knobs" | "rows" | "slopes",
  Consts
> = {
  name: "loss_grpo",
  writes: ["rows", "slopes"],
  grid: ({ B }) => row(Math.ceil(B / 64)),
  reference({ mask, rows, slopes, ...inputs }, consts) {
    const { B, G } = consts;
    for (let b = 0; b < B; b++) {
      const sums = { loss: 0, kl: 0, low: 0, high: 0, length: 0 };
      for (let i = b * G; i < (b + 1) * G; i++) {
        slopes[i] = 0;
        if (mask[i] === 0) continue;
        const { loss, slope, kl, low, high } = token(inputs, i, consts);
        slopes[i] = slope;
        sums.loss += loss;
        sums.kl += kl;
        sums.low += low;
        sums.high += high;
        sums.length += 1;
      }
      const { loss, kl, low, high, length } = sums;
      rows.set([loss / Math.max(1, length), loss, kl, low, high, length], b * ROW_COLUMNS);
    }
  },
};

export const grpoStats: Kernel<"sums" | "loss" | "stats", Aggregation & { readonly B: number }> = {
  name: "loss_grpo_stats",
  writes: ["loss", "stats"],
  grid: () => [1],
  reference({ sums, loss, stats }, { B, AGGREGATION, CONSTANT }) {
    const tokens = Math.max(1, sums[5]!);
    const losses = [sums[0]! / B, sums[1]! / tokens, sums[1]! / CONSTANT];
    loss[0] = losses[AGGREGATION]!;
    stats.set([loss[0], sums[2]! / tokens, sums[3]! / tokens, sums[4]! / tokens, sums[5]!]);
  },
};

export const grpoBackward: Kernel<
  "slopes" | "rows" | "sums" | "dlp",
  Aggregation & { readonly B: number; readonly G: number; readonly ACCUMULATE: boolean }
> = {
  name: "loss_grpo_backward",
  writes: ["dlp"],
  grid: ({ B, G }) => row(Math.ceil((B * G) / 64)),
  reference({ slopes, rows, sums, dlp }, { B, G, AGGREGATION, CONSTANT, ACCUMULATE }) {
    for (let i = 0; i < B * G; i++) {
      const length = Math.max(1, rows[Math.floor(i / G) * ROW_COLUMNS + 5]!);
      const divisors = [length * B, Math.max(1, sums[5]!), CONSTANT];
      const d = slopes[i]! / divisors[AGGREGATION]!;
      dlp[i] = ACCUMULATE ? dlp[i]! + d : d;
    }
  },
};

export interface GrpoInputs {
  /** (B,G) log-probabilities under the policy being trained */
  readonly lp: Tensor;
  /** (B,G) under the policy that sampled */
  readonly lpOld: Tensor;
  /** (B,G) under the frozen reference */
  readonly ref: Tensor;
  /** (B) one per response */
  readonly advantages: Tensor;
  /** (B,G) f32; anything may stand outside the mask in the other inputs */
  readonly mask: Tensor;
}

/**
 * token = -min(ratio A, clip(ratio, 1 - clip, 1 + clipHigh) A) + beta k3(lp, ref), aggregated over tokens and
 * sequences. Backward reaches lp.
 * @param knobs reads KNOBS.clip, KNOBS.clipHigh and KNOBS.beta
 * @param options.maxLength constant length that dr_grpo divides by; G by default
 * @param options.stats (5) where the statistics go; see GRPO_STATS
 * @throws RangeError when shapes disagree.
 */
export function grpoLoss(
  tape: Tape,
  { lp, lpOld, ref, advantages, mask }: GrpoInputs,
  knobs: Tensor,
  {
    aggregation = "seq_mean",
    maxLength,
    stats,
  }: { aggregation?: GrpoAggregation; maxLength?: number; stats?: Tensor } = {},
): Loss {
  checkKnobs("grpoLoss", knobs);
  const [B = 1, G = 1] = mask.shape;
  check(
    mask.shape.length === 2 &&
      [lp, lpOld, ref].every(({ shape }) => size(shape) === B * G) &&
      size(advantages.shape) === B,
    `grpoLoss: the mask must be (B,G) and everything else fit it, got ${describe(mask)}, ${describe(lp)}, ${describe(lpOld)}, ${describe(ref)} and ${describe(advantages)}`,
  );
  const aggregate = {
    AGGREGATION: AGGREGATIONS[aggregation],
    CONSTANT: B * (maxLength ?? G),
  };
  const rows = tape.scratch("grpo.rows", [B, ROW_COLUMNS]);
  const slopes = tape.scratch("grpo.slopes", [B, G]);
  tape.call(
    grpoForward,
    { lp, old: lpOld, reference: ref, advantages, mask, knobs, rows, slopes },
    { B, G, CLIP: KNOBS.clip, CLIP_HIGH: KNOBS.clipHigh, BETA: KNOBS.beta },
  );
  const sums = reduceRows(tape, rows);
  const loss = tape.result("grpo-loss", [], lp);
  const target = stats ?? tape.scratch("grpo-loss.stats", [STATISTICS]);
  tape.call(grpoStats, { sums, loss, stats: target }, { B, ...aggregate });
  tape.onBackward(loss, () => {
    const dlp = tape.into(lp);
    if (dlp === undefined) return;
    const consts = { B, G, ...aggregate, ACCUMULATE: dlp.ACCUMULATE };
    tape.call(grpoBackward, { slopes, rows, sums, dlp: dlp.tensor }, consts);
  });
  return { loss, stats: target };
}
