// Token rewards of PPO (InstructGPT eq. 2): a KL penalty at every token and the response's score at its last one.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { k3 } from "./kl.ts";
import { checkKnobs, KNOBS } from "./knobs.ts";

/** What a response without EOS costs: nothing, KNOBS.missingEos off its score, or KNOBS.missingEos as its score. */
export type MissingEos = "none" | "penalty" | "value";
const MODES: Readonly<Record<MissingEos, number>> = { none: 0, penalty: 1, value: 2 };

export const missingEosForward: Kernel<
  "scores" | "ended" | "knobs" | "used",
  { readonly B: number; readonly MODE: number; readonly MISSING_EOS: number }
> = {
  name: "missing_eos",
  writes: ["used"],
  grid: ({ B }) => row(Math.ceil(B / 64)),
  reference({ scores, ended, knobs, used }, { B, MODE, MISSING_EOS }) {
    const knob = knobs[MISSING_EOS]!;
    for (let b = 0; b < B; b++) {
      if (MODE === MODES.value) used[b] = ended[b]! > 0 ? scores[b]! : knob;
      else used[b] = scores[b]! - (MODE === MODES.penalty ? knob * (1 - ended[b]!) : 0);
    }
  },
};

export const klRewardsForward: Kernel<
  "used" | "lp" | "reference" | "mask" | "knobs" | "rewards" | "kl",
  {
    readonly B: number;
    readonly G: number;
    readonly ESTIMATOR: number;
    readonly BETA: number;
  }
> = {
  name: "kl_rewards",
  writes: ["rewards", "kl"],
  grid: ({ B, G }) => row(Math.ceil((B * G) / 64)),
  reference(buffers, { B, G, ESTIMATOR, BETA }) {
    const { used, lp, reference, mask, knobs, rewards, kl } = buffers;
    for (let i = 0; i < B * G; i++) {
      const real = mask[i] !== 0;
      const d = real ? lp[i]! - reference[i]! : 0;
      kl[i] = ESTIMATOR === 1 ? d : ESTIMATOR === 2 ? (d * d) / 2 : k3(d);
      const last = real && (i % G === G - 1 || mask[i + 1] === 0);
      rewards[i] = (last ? used[Math.floor(i / G)]! : 0) - knobs[BETA]! * kl[i]!;
    }
  },
};

export interface RewardInputs {
  /** (B) score of each response */
  readonly scores: Tensor;
  /** (B,G) log-probabilities under the policy that sampled; anything outside the mask */
  readonly lp: Tensor;
  /** (B,G) under the frozen reference; anything outside the mask */
  readonly ref: Tensor;
  /** (B,G) f32, a prefix of ones */
  readonly mask: Tensor;
  /** (B) f32, 1 if the response contains EOS */
  readonly hasEos: Tensor;
}

export interface KlRewards {
  /** (B,G) -beta · kl, plus the score at the last real token; 0 outside the mask */
  readonly tokenRewards: Tensor;
  /** (B,G) the estimator inside the mask, 0 outside */
  readonly kl: Tensor;
  /** (B) scores after what a missing EOS costs */
  readonly scoresUsed: Tensor;
}

/**
 * Rewards per token. The score sits on the last response token itself (EOS, or the last one of a truncated
 * response), and a row with an empty mask gets none.
 * @param knobs reads KNOBS.beta and KNOBS.missingEos
 * @param options.estimator of the KL: 1 (lp - ref, InstructGPT), 2 or 3; see klEstimators
 * @throws RangeError when shapes disagree.
 */
export function klRewards(
  tape: Tape,
  { scores, lp, ref, mask, hasEos }: RewardInputs,
  knobs: Tensor,
  { estimator = 1, missingEos = "none" }: { estimator?: 1 | 2 | 3; missingEos?: MissingEos } = {},
): KlRewards {
  checkKnobs("klRewards", knobs);
  const [B = 1, G = 1] = mask.shape;
  check(
    mask.shape.length === 2 &&
      [lp, ref].every(({ shape }) => size(shape) === B * G) &&
      [scores, hasEos].every(({ shape }) => size(shape) === B),
    `klRewards: the mask must be (B,G) and everything else fit it, got ${describe(mask)}, ${describe(lp)}, ${describe(ref)}, ${describe(scores)} and ${describe(hasEos)}`,
  );
  const scoresUsed = tape.scratch("scores-used", [B]);
  const tokenRewards = tape.scratch("token-rewards", [B, G]);
  const kl = tape.scratch("kl", [B, G]);
  tape.call(
    missingEosForward,
    { scores, ended: hasEos, knobs, used: scoresUsed },
    { B, MODE: MODES[missingEos], MISSING_EOS: KNOBS.missingEos },
  );
  tape.call(
    klRewardsForward,
    { used: scoresUsed, lp, reference: ref, mask, knobs, rewards: tokenRewards, kl },
    { B, G, ESTIMATOR: estimator, BETA: KNOBS.beta },
  );
  return { tokenRewards, kl, scoresUsed };
}
