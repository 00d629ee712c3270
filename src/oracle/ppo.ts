// Oracle specs of PPO: masks, divergences, token rewards, advantages, whitening, losses and the whole pipeline.
import { gae } from "../kernels/gae.ts";
import { klRewards } from "../kernels/kl-rewards.ts";
import type { KlRewards, MissingEos } from "../kernels/kl-rewards.ts";
import { klEstimators, klFull } from "../kernels/kl.ts";
import { responseMask } from "../kernels/response-mask.ts";
import { ROLLOUT_STATS, rolloutMetrics } from "../kernels/rollout-metrics.ts";
import type { RolloutInputs } from "../kernels/rollout-metrics.ts";
import { whiten } from "../kernels/whiten.ts";
import { VALUE_STATS, ppoValueLoss } from "../losses/ppo-value.ts";
import type { ValueInputs } from "../losses/ppo-value.ts";
import { POLICY_STATS, ppoPolicyLoss } from "../losses/ppo.ts";
import type { PolicyInputs } from "../losses/ppo.ts";
import type { Tensor } from "../plan/tensor.ts";
import { gradient } from "./bench.ts";
import type { Bench, Results, Spec } from "./bench.ts";
import { knobs } from "./knobs.ts";

type Read = Readonly<Record<string, ArrayLike<number>>>;

/** What stands in for an absent number; the kernels read 0 as "off" where null is allowed. */
const OFF = 0;

/** Every hyper-parameter of PPO that a case has, as the engine's live scalars. */
export function ppoKnobs(bench: Bench): Tensor {
  const value = (name: string): number => bench.optional(name) ?? OFF;
  return knobs(bench, {
    temperature: bench.optional("temperature") ?? 1,
    beta: value("beta"),
    missingEos: bench.optional("missing_eos_value") ?? value("missing_eos_penalty"),
    gamma: value("gamma"),
    lambda: value("lam"),
    clip: value("clip"),
    valueClip: value("vclip"),
    valueCoefficient: value("vf_coef"),
    entropyCoefficient: value("ent_coef"),
    ptxCoefficient: value("ptx_coef"),
  });
}

/** Options of klRewards from the hyper-parameters. */
export function rewardOptions(bench: Bench): { estimator: 1 | 2 | 3; missingEos: MissingEos } {
  const estimators: Readonly<Record<string, 1 | 2 | 3>> = { k1: 1, k2: 2, k3: 3 };
  const estimator = estimators[bench.text("estimator")];
  if (estimator === undefined) {
    throw new TypeError(`hyper.estimator is ${bench.text("estimator")}, expected k1, k2 or k3`);
  }
  if (bench.optional("missing_eos_value") !== null) return { estimator, missingEos: "value" };
  const penalised = bench.optional("missing_eos_penalty") !== null;
  return { estimator, missingEos: penalised ? "penalty" : "none" };
}

/** Both losses of PPO on one tape, and their statistics to be read. */
export function ppoLosses(
  bench: Bench,
  inputs: PolicyInputs & ValueInputs,
  live: Tensor,
): { policy: Tensor; value: Tensor } {
  const policy = ppoPolicyLoss(bench.tape, inputs, live).stats;
  const value = ppoValueLoss(bench.tape, inputs, live).stats;
  return { policy, value };
}

/** The metrics of both losses by the oracle's names. */
export function ppoMetrics({ policy = [], value = [] }: Read): Results {
  const p = (name: keyof typeof POLICY_STATS): number => policy[POLICY_STATS[name]] ?? NaN;
  const v = (name: keyof typeof VALUE_STATS): number => value[VALUE_STATS[name]] ?? NaN;
  return {
    policy_loss: [p("policyLoss")],
    value_loss: [v("valueLoss")],
    entropy: [p("entropy")],
    // policy and value model are separate, so their losses are only ever added in reports
    total_loss: [p("loss") + v("loss")],
    approx_kl_k2: [p("approxKlK2")],
    approx_kl_k3: [p("approxKlK3")],
    clip_fraction: [p("clipFraction")],
    value_clip_fraction: [v("clipFraction")],
    ratio_mean: [p("ratioMean")],
    ratio_max: [p("ratioMax")],
    value_mean: [v("valueMean")],
    value_error: [v("valueError")],
    return_mean: [v("returnMean")],
    return_var: [v("returnVariance")],
    explained_variance: [v("explainedVariance")],
  };
}

/** The metrics of a rollout by the oracle's names. */
export function rolloutResults(stats: ArrayLike<number> = []): Results {
  const s = (name: keyof typeof ROLLOUT_STATS): number[] => [stats[ROLLOUT_STATS[name]] ?? NaN];
  return {
    "objective/kl": s("kl"),
    "objective/entropy": s("entropy"),
    "objective/non_score_reward": s("nonScoreReward"),
    "objective/scores": s("scores"),
    "objective/rlhf_reward": s("rlhfReward"),
  };
}

export interface Rollout extends Pick<RolloutInputs, "lp" | "mask" | "hasEos"> {
  readonly scores: Tensor;
  readonly ref: Tensor;
  readonly values: Tensor;
}

export interface Experience extends KlRewards {
  /** before whitening */
  readonly raw: Tensor;
  readonly advantages: Tensor;
  readonly returns: Tensor;
  readonly rollout: Tensor;
}

/** Token rewards, advantages, returns and metrics of a rollout, as the trainer makes them. */
export function experience(bench: Bench, rollout: Rollout, live: Tensor): Experience {
  const { tape } = bench;
  const { mask, values } = rollout;
  const rewards = klRewards(tape, rollout, live, rewardOptions(bench));
  const { advantages: raw, returns } = gae(
    tape,
    { rewards: rewards.tokenRewards, values, mask },
    live,
  );
  const advantages = whiten(tape, raw, mask, { unbiased: bench.flag("unbiased") });
  const stats = rolloutMetrics(tape, { ...rollout, ...rewards }, live);
  return { ...rewards, raw, advantages, returns, rollout: stats };
}

const parts: Readonly<Record<string, Spec>> = {
  response_mask: (bench) => {
    const response = bench.input("response");
    const result = responseMask(bench.tape, response, bench.number("eos"));
    const { mask, length, hasEos: has_eos, lastIndex: last_index } = result;
    return bench.finish({ mask, length, has_eos, last_index });
  },
  kl_estimators: (bench) => {
    const lp = bench.parameter("lp");
    const { k1, k2, k3 } = klEstimators(bench.tape, lp, bench.input("ref"));
    bench.seed(k1, "d_k1");
    bench.seed(k2, "d_k2");
    bench.seed(k3, "d_k3");
    return bench.finish({ k1, k2, k3, "grad/lp": gradient(lp) });
  },
  kl_full: (bench) => {
    const logits = bench.parameter("logits");
    const kl = klFull(bench.tape, logits, bench.input("ref_logits"));
    bench.seed(kl, "d_kl");
    return bench.finish({ kl, "grad/logits": gradient(logits) });
  },
  kl_rewards: (bench) => {
    const inputs = {
      scores: bench.input("scores"),
      lp: bench.input("lp"),
      ref: bench.input("ref"),
      mask: bench.input("mask", "f32"),
      hasEos: bench.input("has_eos", "f32"),
    };
    const result = klRewards(bench.tape, inputs, ppoKnobs(bench), rewardOptions(bench));
    const { tokenRewards: token_rewards, kl, scoresUsed: scores_used } = result;
    return bench.finish({ token_rewards, kl, scores_used });
  },
  gae: (bench) => {
    const inputs = {
      rewards: bench.input("rewards"),
      values: bench.input("values"),
      mask: bench.input("mask", "f32"),
    };
    const bootstrap = bench.has("bootstrap") ? bench.input("bootstrap") : undefined;
    return bench.finish(gae(bench.tape, inputs, ppoKnobs(bench), bootstrap));
  },
  whiten: (bench) => {
    const options = {
      shiftMean: bench.flag("shift_mean"),
      unbiased: bench.flag("unbiased"),
      eps: bench.number("eps"),
    };
    const y = whiten(bench.tape, bench.input("x"), bench.input("mask", "f32"), options);
    return bench.finish({ y });
  },
};

async function ppoLoss(bench: Bench): Promise<Results> {
  const lp = bench.parameter("lp");
  const values = bench.parameter("values");
  const entropy = bench.parameter("entropy_tok");
  const inputs = {
    lp,
    lpOld: bench.input("lp_old"),
    advantages: bench.input("advantages"),
    mask: bench.input("mask", "f32"),
    entropy,
    values,
    valuesOld: bench.input("values_old"),
    returns: bench.input("returns"),
  };
  const stats = ppoLosses(bench, inputs, ppoKnobs(bench));
  const read = await bench.finish({
    ...stats,
    "grad/lp": gradient(lp),
    "grad/values": gradient(values),
    "grad/entropy_tok": gradient(entropy),
  });
  return { ...read, ...ppoMetrics(read) };
}

async function ppoPipeline(bench: Bench): Promise<Results> {
  const live = ppoKnobs(bench);
  const { mask, hasEos } = responseMask(bench.tape, bench.input("response"), bench.number("eos"));
  const lpOld = bench.input("lp_old");
  const valuesOld = bench.input("values_old");
  const [scores, ref] = [bench.input("scores"), bench.input("ref")];
  const made = experience(bench, { scores, ref, lp: lpOld, values: valuesOld, mask, hasEos }, live);
  const lp = bench.parameter("lp");
  const values = bench.parameter("values");
  const { advantages, returns } = made;
  const entropy = bench.input("entropy_tok");
  const inputs = { lp, lpOld, advantages, mask, entropy, values, valuesOld, returns };
  const stats = ppoLosses(bench, inputs, live);
  const read = await bench.finish({
    ...stats,
    mask,
    token_rewards: made.tokenRewards,
    advantages_raw: made.raw,
    returns,
    advantages,
    rollout: made.rollout,
    "grad/lp": gradient(lp),
    "grad/values": gradient(values),
  });
  return { ...read, ...ppoMetrics(read), ...rolloutResults(read["rollout"]) };
}

export const ppo: Readonly<Record<string, Spec>> = {
  ...parts,
  ppo_loss: ppoLoss,
  ppo_pipeline: ppoPipeline,
};
