// The plan that judges a rollout: scores, KL to the reference, metrics, and each method's advantages.
import { copy } from "../kernels/copy.ts";
import { gae } from "../kernels/gae.ts";
import { clamped } from "../kernels/join.ts";
import { klRewards } from "../kernels/kl-rewards.ts";
import type { KlRewards } from "../kernels/kl-rewards.ts";
import { KNOBS } from "../kernels/knobs.ts";
import { responseMask } from "../kernels/response-mask.ts";
import { ROLLOUT_STATS, rolloutMetrics } from "../kernels/rollout-metrics.ts";
import { adaptiveKl } from "../kernels/schedules.ts";
import { sequenceSumBackward } from "../kernels/sequence-sum.ts";
import { whiten } from "../kernels/whiten.ts";
import { grpoAdvantages } from "../losses/grpo.ts";
import { rlooAdvantages } from "../losses/rloo.ts";
import type { GptConfig } from "../model/gpt.ts";
import type { Parameters } from "../model/parameters.ts";
import { Tape } from "../plan/tape.ts";
import { persistent, view } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { EOS } from "../world/tokenizer.ts";
import { isGrouped } from "./method.ts";
import type { Method } from "./method.ts";
import { hiddenStates, responseLogprobs, rewardFeatures, rewardScores, values } from "./scoring.ts";
import type { Sequences } from "./sequences.ts";

/** Everything that the updates of an iteration read: one row per response. */
export interface Experience {
  /** (B,G) each */
  readonly mask: Tensor;
  readonly lpOld: Tensor;
  /** log-probabilities under the reference */
  readonly ref: Tensor;
  readonly valuesOld: Tensor;
  /** per token; in grouped methods a response's own at each of its tokens */
  readonly advantages: Tensor;
  readonly returns: Tensor;
  /** (B) normalised, clamped reward */
  readonly scores: Tensor;
  /** (10), see ROLLOUT_STATS */
  readonly stats: Tensor;
  /** (2) share of groups with equal rewards, and the number of groups */
  readonly groups: Tensor;
}

export function experience({ B, G }: Sequences): Experience {
  const grid = (name: string): Tensor => persistent(`experience.${name}`, [B, G]);
  return {
    mask: grid("mask"),
    lpOld: grid("lpOld"),
    ref: grid("ref"),
    valuesOld: grid("valuesOld"),
    advantages: grid("advantages"),
    returns: grid("returns"),
    scores: persistent("experience.scores", [B]),
    stats: persistent("experience.stats", [10]),
    groups: persistent("experience.groups", [2]),
  };
}

/** Size of the reward and value models, and the frozen model whose words and fluency the reward reads. */
export interface Judge {
  readonly config: GptConfig;
  readonly reference: Parameters;
}

export interface Models {
  readonly policy: Parameters;
  readonly reference: Parameters;
  /** of the policy's size, with the policy's reference, unless one reward model serves all sizes (InstructGPT C.2) */
  readonly judge: Judge;
  /** trunk whose hidden states feed the reward head; the judge's reference itself in the fast stage */
  readonly rewardTrunk: Parameters;
  readonly rewardHead: Parameters;
  readonly value: Parameters;
}

/** Scalars that the plan reads: RLHF's knobs, and (3) those of the adaptive KL controller. */
export interface Scalars {
  readonly knobs: Tensor;
  readonly kl: Tensor;
}

export interface Judging {
  readonly method: Method;
  readonly answers: number;
  readonly rewardLimit: number;
}

interface Judged {
  readonly mask: Tensor;
  readonly lp: Tensor;
  readonly ref: Tensor;
  readonly rewards: KlRewards;
}

function judged(
  tape: Tape,
  config: GptConfig,
  models: Models,
  batch: Sequences,
  out: Experience,
  { knobs, rewardLimit }: { knobs: Tensor; rewardLimit: number },
): Judged {
  const { mask, hasEos } = responseMask(tape, batch.response, EOS);
  const hidden = hiddenStates(tape, config, models.policy, batch);
  const lp = responseLogprobs(tape, config, models.policy, batch, hidden, knobs).logp;
  const frozen = (of: GptConfig, model: Parameters) => {
    const states = hiddenStates(tape, of, model, batch);
    return { states, logp: responseLogprobs(tape, of, model, batch, states, knobs).logp };
  };
  const known = frozen(config, models.reference);
  const ref = known.logp;
  const { judge, rewardTrunk } = models;
  const fluent =
    judge.reference === models.reference ? known : frozen(judge.config, judge.reference);
  const read =
    rewardTrunk === judge.reference
      ? fluent.states
      : hiddenStates(tape, judge.config, rewardTrunk, batch);
  const sources = { reference: judge.reference, hidden: read };
  const features = rewardFeatures(tape, sources, batch, { logp: fluent.logp, mask });
  const scores = clamped(tape, rewardScores(tape, models.rewardHead, features), rewardLimit);
  const rewards = klRewards(tape, { scores, lp, ref, mask, hasEos }, knobs, {
    missingEos: "penalty",
  });
  const { kl, scoresUsed } = rewards;
  rolloutMetrics(tape, { kl, lp, mask, scoresUsed, hasEos }, knobs, out.stats);
  copy(tape, scores, out.scores);
  return { mask, lp, ref, rewards };
}

/** (B,G) advantages of a grouped method: each response against the others to its prompt. */
function grouped(
  tape: Tape,
  method: Method,
  { mask, lp, ref, rewards }: Judged,
  out: Experience,
  { answers, knobs }: { answers: number; knobs: Tensor },
): Tensor {
  const [B = 1, G = 1] = mask.shape;
  const scores = view(rewards.scoresUsed, [B / answers, answers]);
  const group = grpoAdvantages(tape, scores, { stats: out.groups });
  const { advantages } =
    method === "grpo" ? group : rlooAdvantages(tape, { scores, lpOld: lp, ref, mask }, knobs);
  const grid = tape.scratch("advantages.tokens", [B, G]);
  // the derivative of a masked sum is the value at every token of the mask
  tape.call(sequenceSumBackward, { dy: advantages, mask, dx: grid }, { B, G, ACCUMULATE: false });
  return grid;
}

/**
 * Judges a finished rollout and turns it into what the method's updates read: whitened GAE for PPO (InstructGPT
 * §3.5, Schulman et al. 2016), group advantages for GRPO and RLOO, metrics alone for DPO. Ends with the adaptive
 * KL coefficient for the next iteration, which stays as it is when its target is 0.
 * @param answers consecutive rows that answer the same prompt, in grouped methods
 * @param rewardLimit normalised rewards are clamped to ± this: beyond it the policy would learn the reward model's
 * errors, and a long tail would dominate whitened advantages (Gao et al. 2023; docs/LOG.md)
 */
export function experienceTape(
  config: GptConfig,
  models: Models,
  batch: Sequences,
  out: Experience,
  { knobs, kl }: Scalars,
  { method, answers, rewardLimit }: Judging,
): Tape {
  const tape = new Tape();
  const found = judged(tape, config, models, batch, out, { knobs, rewardLimit });
  const { mask, lp, ref, rewards } = found;
  if (method === "ppo") {
    const valuesOld = values(tape, models.judge.config, models.value, batch);
    const inputs = { rewards: rewards.tokenRewards, values: valuesOld, mask };
    const targets = gae(tape, inputs, knobs);
    copy(tape, whiten(tape, targets.advantages, mask), out.advantages);
    copy(tape, valuesOld, out.valuesOld);
    copy(tape, targets.returns, out.returns);
  } else if (isGrouped(method)) {
    copy(tape, grouped(tape, method, found, out, { answers, knobs }), out.advantages);
  }
  copy(tape, mask, out.mask);
  copy(tape, lp, out.lpOld);
  copy(tape, ref, out.ref);
  adaptiveKl(tape, knobs, out.stats, kl, { coefficient: KNOBS.beta, kl: ROLLOUT_STATS.kl });
  return tape;
}
