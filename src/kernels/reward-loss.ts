// The reward model's loss on K-way rankings (InstructGPT eq. 1): all pairs of a prompt are one element of the batch.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor, TypedArray } from "../plan/tensor.ts";
import { sigmoid, softplus } from "./logistic.ts";
import { reduceRows } from "./reduce.ts";

interface Consts {
  readonly [name: string]: number | boolean;
  readonly N: number;
  readonly K: number;
  readonly HALF_TIES: boolean;
}
const TERMS = 6;

/** Index of each statistic of `rewardLoss`. */
export const REWARD_STATS = { loss: 0, accuracy: 1, margin: 2, pairs: 3, prompts: 4 } as const;
const STATS = 5;

/** 1 if item i is preferred to j, 0 if j is, 1/2 for a tie. */
function preference(rank: TypedArray, i: number, j: number): number {
  return rank[i]! < rank[j]! ? 1 : rank[i]! === rank[j]! ? 0.5 : 0;
}

/** The pairs of the prompt whose items start at `at`, added up. */
function sumPairs(
  { r, rank, present }: Readonly<Record<"r" | "rank" | "present", TypedArray>>,
  at: number,
  { K, HALF_TIES }: Consts,
): { loss: number; correct: number; margin: number; untied: number; used: number; all: number } {
  const sums = { loss: 0, correct: 0, margin: 0, untied: 0, used: 0, all: 0 };
  for (let i = at; i < at + K; i++) {
    for (let j = i + 1; j < at + K; j++) {
      if (present[i] === 0 || present[j] === 0) continue;
      sums.all++;
      const t = preference(rank, i, j);
      if (t === 0.5 && !HALF_TIES) continue;
      const x = r[i]! - r[j]!;
      sums.used++;
      sums.loss += t * softplus(-x) + (1 - t) * softplus(x);
      if (t === 0.5) continue;
      const gap = t === 1 ? x : -x;
      sums.untied++;
      sums.correct += gap > 0 ? 1 : 0;
      sums.margin += gap;
    }
  }
  return sums;
}

export const rewardLossForward: Kernel<
  "r" | "rank" | "present" | "perPrompt" | "terms",
  Consts & { readonly ALL_PAIRS: boolean }
> = {
  name: "reward_loss",
  writes: ["perPrompt", "terms"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ r, rank, present, perPrompt, terms }, consts) {
    for (let n = 0; n < consts.N; n++) {
      const sums = sumPairs({ r, rank, present }, n * consts.K, consts);
      const divisor = consts.ALL_PAIRS ? sums.all : sums.used;
      perPrompt[n] = sums.loss / Math.max(1, divisor);
      const values = [perPrompt[n]!, divisor > 0 ? 1 : 0, sums.correct, sums.margin, sums.untied];
      terms.set([...values, Math.max(1, divisor)], n * TERMS);
    }
  },
};

export const rewardLossStats: Kernel<"sums" | "loss" | "stats", Record<string, never>> = {
  name: "reward_loss_stats",
  writes: ["loss", "stats"],
  grid: () => [1],
  reference({ sums, loss, stats }) {
    const pairs = Math.max(1, sums[4]!);
    loss[0] = sums[0]! / Math.max(1, sums[1]!);
    stats.set([loss[0], sums[2]! / pairs, sums[3]! / pairs, sums[4]!, sums[1]!]);
  },
};

export const rewardLossBackward: Kernel<
  "r" | "rank" | "present" | "terms" | "sums" | "dr",
  Consts & { readonly ACCUMULATE: boolean }
> = {
  name: "reward_loss_backward",
  writes: ["dr"],
  grid: ({ N, K }) => row(Math.ceil((N * K) / 64)),
  reference({ r, rank, present, terms, sums, dr }, { N, K, HALF_TIES, ACCUMULATE }) {
    for (let i = 0; i < N * K; i++) {
      const n = Math.floor(i / K);
      let sum = 0;
      for (let j = n * K; j < (n + 1) * K; j++) {
        if (j === i || present[i] === 0 || present[j] === 0) continue;
        const t = preference(rank, i, j);
        if (t === 0.5 && !HALF_TIES) continue;
        const x = r[i]! - r[j]!;
        sum += (1 - t) * sigmoid(x) - t * sigmoid(-x);
      }
      const d = sum / terms[n * TERMS + 5]! / Math.max(1, sums[1]!);
      dr[i] = ACCUMULATE ? dr[i]! + d : d;
    }
  },
};

export interface RewardLossOptions {
  /** "drop" as in InstructGPT C.2 (default), or "half": a tie is half a win for each */
  readonly ties?: "drop" | "half";
  /** divide by the pairs that count (default), or by all pairs of present items as eq. 1 literally says */
  readonly norm?: "valid_pairs" | "all_pairs";
  /** (5) where the statistics go; see REWARD_STATS */
  readonly stats?: Tensor;
}

export interface RewardLoss {
  /** [] mean over prompts with a usable pair; 0 without any */
  readonly loss: Tensor;
  /** (N) mean over the pairs of a prompt; 0 when nothing contributes */
  readonly perPrompt: Tensor;
  /** (5) see REWARD_STATS; accuracy and margin are over all untied pairs */
  readonly stats: Tensor;
}

/**
 * -log sigmoid(r_preferred - r_other) over every pair of ranked items of a prompt, averaged per prompt and then
 * over prompts.
 * @param r (N,K) scores
 * @param rank (N,K) i32, smaller is better, equal is a tie
 * @param present (N,K) f32, 1 = the item exists and was ranked
 * @throws RangeError when the shapes differ.
 */
export function rewardLoss(
  tape: Tape,
  r: Tensor,
  rank: Tensor,
  present: Tensor,
  { ties = "drop", norm = "valid_pairs", stats }: RewardLossOptions = {},
): RewardLoss {
  const [N = 1, K = 1] = rank.shape;
  check(
    rank.shape.length === 2 && size(r.shape) === N * K && size(present.shape) === N * K,
    `rewardLoss: ranks must be (N,K) and scores and presence as many, got ${describe(rank)}, ${describe(r)} and ${describe(present)}`,
  );
  const perPrompt = tape.scratch("per-prompt", [N]);
  const terms = tape.scratch("reward-loss.terms", [N, TERMS]);
  const consts = { N, K, HALF_TIES: ties === "half" };
  tape.call(
    rewardLossForward,
    { r, rank, present, perPrompt, terms },
    { ...consts, ALL_PAIRS: norm === "all_pairs" },
  );
  const sums = reduceRows(tape, terms);
  const loss = tape.result("reward-loss", [], r);
  const target = stats ?? tape.scratch("reward-loss.stats", [STATS]);
  tape.call(rewardLossStats, { sums, loss, stats: target }, {});
  tape.onBackward(loss, () => {
    const dr = tape.into(r);
    if (dr === undefined) return;
    const bindings = { r, rank, present, terms, sums, dr: dr.tensor };
    tape.call(rewardLossBackward, bindings, { ...consts, ACCUMULATE: dr.ACCUMULATE });
  });
  return { loss, perPrompt, stats: target };
}
