// The plans of one PPO iteration: experience (scores, references, values, advantages) and the two updates.
import { copy } from "../kernels/copy.ts";
import { gae } from "../kernels/gae.ts";
import { clamped } from "../kernels/join.ts";
import { klRewards } from "../kernels/kl-rewards.ts";
import { KNOBS } from "../kernels/knobs.ts";
import { responseMask } from "../kernels/response-mask.ts";
import { rolloutMetrics } from "../kernels/rollout-metrics.ts";
import { whiten } from "../kernels/whiten.ts";
import { ppoValueLoss } from "../losses/ppo-value.ts";
import { ppoPolicyLoss } from "../losses/ppo.ts";
import type { GptConfig } from "../model/gpt.ts";
import type { Parameters } from "../model/parameters.ts";
import { Tape } from "../plan/tape.ts";
import { persistent } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { EOS } from "../world/tokenizer.ts";
import type { LmInput } from "./language-model.ts";
import { lmLoss } from "./language-model.ts";
import type { Optimiser } from "./optimiser.ts";
import { update } from "./optimiser.ts";
import {
  hiddenStates,
  responseLogprobs,
  rewardFeatures,
  rewardScores,
  values as valuesOf,
} from "./scoring.ts";
import type { Sequences } from "./sequences.ts";
import { rows, slice } from "./sequences.ts";

/** Everything that the updates of an iteration read: one row per response. */
export interface Experience {
  /** (B,G) each */
  readonly mask: Tensor;
  readonly lpOld: Tensor;
  readonly valuesOld: Tensor;
  readonly advantages: Tensor;
  readonly returns: Tensor;
  /** (B) normalised, clamped reward */
  readonly scores: Tensor;
  /** (10), see ROLLOUT_STATS */
  readonly stats: Tensor;
}

export function experience({ B, G }: Sequences): Experience {
  const grid = (name: string): Tensor => persistent(`experience.${name}`, [B, G]);
  return {
    mask: grid("mask"),
    lpOld: grid("lpOld"),
    valuesOld: grid("valuesOld"),
    advantages: grid("advantages"),
    returns: grid("returns"),
    scores: persistent("experience.scores", [B]),
    stats: persistent("experience.stats", [10]),
  };
}

export interface PpoModels {
  readonly policy: Parameters;
  readonly reference: Parameters;
  /** trunk whose hidden states feed the reward head; the reference itself in the fast stage */
  readonly rewardTrunk: Parameters;
  readonly rewardHead: Parameters;
  readonly value: Parameters;
}

/** Normalised rewards are clamped to this: a long left tail would dominate whitened advantages (docs/LOG.md). */
export const REWARD_LIMIT = 3;

/** Scores a finished rollout and turns it into advantages and returns (InstructGPT §3.5, Schulman et al. 2016). */
export function experienceTape(
  config: GptConfig,
  models: PpoModels,
  batch: Sequences,
  out: Experience,
  knobs: Tensor,
): Tape {
  const tape = new Tape();
  const { mask, hasEos } = responseMask(tape, batch.response, EOS);
  const hidden = hiddenStates(tape, config, models.policy, batch);
  const lp = responseLogprobs(tape, config, models.policy, batch, hidden, knobs).logp;
  const known = hiddenStates(tape, config, models.reference, batch);
  const ref = responseLogprobs(tape, config, models.reference, batch, known, knobs).logp;
  const judged =
    models.rewardTrunk === models.reference
      ? known
      : hiddenStates(tape, config, models.rewardTrunk, batch);
  const sources = { reference: models.reference, hidden: judged };
  const features = rewardFeatures(tape, sources, batch, { logp: ref, mask });
  const scores = clamped(tape, rewardScores(tape, models.rewardHead, features), REWARD_LIMIT);
  const values = valuesOf(tape, config, models.value, batch);
  const rewards = klRewards(tape, { scores, lp, ref, mask, hasEos }, knobs, {
    missingEos: "penalty",
  });
  const targets = gae(tape, { rewards: rewards.tokenRewards, values, mask }, knobs);
  const advantages = whiten(tape, targets.advantages, mask);
  const { kl, scoresUsed } = rewards;
  rolloutMetrics(tape, { kl, lp, mask, scoresUsed, hasEos }, knobs, out.stats);
  copy(tape, mask, out.mask);
  copy(tape, lp, out.lpOld);
  copy(tape, values, out.valuesOld);
  copy(tape, advantages, out.advantages);
  copy(tape, targets.returns, out.returns);
  copy(tape, scores, out.scores);
  return tape;
}

/** Pre-training rows that PPO-ptx mixes into a policy update, and where their loss goes. */
export interface PtxInput {
  readonly input: LmInput;
  readonly stats: Tensor;
}

/** One policy minibatch: clipped loss (+ gamma times the pre-training loss), backward, AdamW. */
export function policyTape(
  config: GptConfig,
  { policy }: PpoModels,
  optimiser: Optimiser,
  {
    batch,
    data,
    first,
    count,
  }: { batch: Sequences; data: Experience; first: number; count: number },
  { knobs, stats, ptx }: { knobs: Tensor; stats: Tensor; ptx: PtxInput | undefined },
): Tape {
  const tape = new Tape();
  tape.train(policy.tensors.values());
  const part = slice(batch, first, count);
  const hidden = hiddenStates(tape, config, policy, part);
  const { logp, entropy } = responseLogprobs(tape, config, policy, part, hidden, knobs);
  const lpOld = rows(data.lpOld, first, count);
  const advantages = rows(data.advantages, first, count);
  const mask = rows(data.mask, first, count);
  ppoPolicyLoss(tape, { lp: logp, lpOld, advantages, mask, entropy }, knobs, stats);
  if (ptx !== undefined) {
    const weight = { tensor: knobs, index: KNOBS.ptxCoefficient };
    tape.scope("ptx", () => lmLoss(tape, config, policy, ptx.input, { weight, stats: ptx.stats }));
  }
  tape.backward();
  update(tape, policy, optimiser);
  return tape;
}

/** One value minibatch: clipped squared error, backward, AdamW. */
export function valueTape(
  config: GptConfig,
  { value }: PpoModels,
  optimiser: Optimiser,
  {
    batch,
    data,
    first,
    count,
  }: { batch: Sequences; data: Experience; first: number; count: number },
  { knobs, stats }: { knobs: Tensor; stats: Tensor },
): Tape {
  const tape = new Tape();
  tape.train(value.tensors.values());
  const values = valuesOf(tape, config, value, slice(batch, first, count));
  ppoValueLoss(
    tape,
    {
      values,
      valuesOld: rows(data.valuesOld, first, count),
      returns: rows(data.returns, first, count),
      mask: rows(data.mask, first, count),
    },
    knobs,
    stats,
  );
  tape.backward();
  update(tape, value, optimiser);
  return tape;
}
