// What a rollout is judged by: objective/* of PPO (Huang et al. 2024), lengths and the share of finished responses.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { checkKnobs, KNOBS } from "./knobs.ts";
import { meanLoss } from "./reduce.ts";

/** Index of each statistic of `rolloutMetrics`: means over responses, then their number, then maxima. */
export const ROLLOUT_STATS = {
  /** objective/kl: sum over tokens of the KL estimate */
  kl: 0,
  /** objective/entropy: sum over tokens of -lp of the sampled token */
  entropy: 1,
  /** objective/non_score_reward: -beta · kl */
  nonScoreReward: 2,
  /** objective/scores: after what a missing EOS costs */
  scores: 3,
  /** objective/rlhf_reward: scores + nonScoreReward */
  rlhfReward: 4,
  eosRate: 5,
  responseLength: 6,
  responses: 7,
  /** objective/kl_coef: beta */
  klCoefficient: 8,
  longestResponse: 9,
} as const;
const COLUMNS = 10;

export const rolloutMetricsForward: Kernel<
  "kl" | "lp" | "mask" | "scores" | "ended" | "knobs" | "terms",
  { readonly B: number; readonly G: number; readonly BETA: number }
> = {
  name: "rollout_metrics",
  writes: ["terms"],
  grid: ({ B }) => row(Math.ceil(B / 64)),
  reference({ kl, lp, mask, scores, ended, knobs, terms }, { B, G, BETA }) {
    for (let b = 0; b < B; b++) {
      let divergence = 0;
      let entropy = 0;
      let length = 0;
      for (let i = b * G; i < (b + 1) * G; i++) {
        if (mask[i] === 0) continue;
        divergence += kl[i]!;
        entropy -= lp[i]!;
        length += mask[i]!;
      }
      const penalty = -knobs[BETA]! * divergence;
      const objective = [divergence, entropy, penalty, scores[b]!, scores[b]! + penalty];
      terms.set([...objective, ended[b]!, length, 1, knobs[BETA]!, length], b * COLUMNS);
    }
  },
};

export interface RolloutInputs {
  /** (B,G) KL estimate per token, as klRewards gives it */
  readonly kl: Tensor;
  /** (B,G) log-probabilities of the sampled tokens */
  readonly lp: Tensor;
  /** (B,G) f32 */
  readonly mask: Tensor;
  /** (B) as klRewards gives them */
  readonly scoresUsed: Tensor;
  /** (B) f32 */
  readonly hasEos: Tensor;
}

/**
 * Means over the responses of a rollout.
 * @param knobs reads KNOBS.beta
 * @param stats (10) where they go; see ROLLOUT_STATS
 * @throws RangeError when shapes disagree.
 */
export function rolloutMetrics(
  tape: Tape,
  { kl, lp, mask, scoresUsed, hasEos }: RolloutInputs,
  knobs: Tensor,
  stats?: Tensor,
): Tensor {
  checkKnobs("rolloutMetrics", knobs);
  const [B = 1, G = 1] = mask.shape;
  check(
    mask.shape.length === 2 &&
      [kl, lp].every(({ shape }) => size(shape) === B * G) &&
      [scoresUsed, hasEos].every(({ shape }) => size(shape) === B),
    `rolloutMetrics: the mask must be (B,G) and everything else fit it, got ${describe(mask)}, ${describe(kl)}, ${describe(lp)}, ${describe(scoresUsed)} and ${describe(hasEos)}`,
  );
  const terms = tape.scratch("rollout.terms", [B, COLUMNS]);
  const bindings = { kl, lp, mask, scores: scoresUsed, ended: hasEos, knobs, terms };
  tape.call(rolloutMetricsForward, bindings, { B, G, BETA: KNOBS.beta });
  const first = tape.scratch("rollout.kl", []);
  return meanLoss(tape, terms, first, { maxima: 2, stats }).stats;
}
