// From what an iteration measured to the rows and checks that the page shows.
import { ROLLOUT_STATS } from "../kernels/rollout-metrics.ts";
import { DPO_STATS } from "../losses/dpo.ts";
import { POLICY_STATS } from "../losses/ppo.ts";
import { VALUE_STATS } from "../losses/ppo-value.ts";
import type { IterationReport } from "../rlhf/session/report.ts";
import { METRICS } from "./protocol.ts";
import type { MetricName, SelfChecks } from "./protocol.ts";

type Row = Record<MetricName, number>;

/** The names of a method's own statistics, by method; other rows have NaN there. */
function ownMetrics({ method, own, equalGroups, policy }: IterationReport): Partial<Row> {
  if (policy === undefined) return {};
  const of = (index: number): number => own[index] ?? NaN;
  const moved = {
    "policy/approxkl_avg": policy[POLICY_STATS.approxKlK2] ?? NaN,
    "val/ratio": policy[POLICY_STATS.ratioMean] ?? NaN,
  };
  const clipped = { ...moved, "policy/clipfrac_avg": policy[POLICY_STATS.clipFraction] ?? NaN };
  switch (method) {
    case "ppo":
      return { ...clipped, "loss/policy_avg": policy[POLICY_STATS.policyLoss] ?? NaN };
    case "grpo":
      return { ...clipped, "loss/policy_avg": of(0), frac_reward_zero_std: equalGroups };
    case "rloo":
      return { ...moved, "loss/policy_avg": of(0), frac_reward_zero_std: equalGroups };
    case "dpo":
      return {
        "loss/policy_avg": of(DPO_STATS.loss),
        "rewards/chosen": of(DPO_STATS.rewardChosen),
        "rewards/rejected": of(DPO_STATS.rewardRejected),
        "rewards/margins": of(DPO_STATS.rewardMargin),
        "rewards/accuracies": of(DPO_STATS.rewardAccuracy),
      };
  }
}

/** The KL penalty is part of the reward in every method but DPO, whose beta is that of its loss. */
function penaltyMetrics({ method, rollout }: IterationReport): Partial<Row> {
  if (method === "dpo") return {};
  return {
    "objective/kl_coef": rollout[ROLLOUT_STATS.klCoefficient] ?? NaN,
    "objective/rlhf_reward": rollout[ROLLOUT_STATS.rlhfReward] ?? NaN,
    "objective/non_score_reward": rollout[ROLLOUT_STATS.nonScoreReward] ?? NaN,
  };
}

function valueMetrics({ method, value }: IterationReport): Partial<Row> {
  if (method !== "ppo") return {};
  return {
    "loss/value_avg": value[VALUE_STATS.valueLoss] ?? NaN,
    "val/clipfrac_avg": value[VALUE_STATS.clipFraction] ?? NaN,
    "val/explained_variance": value[VALUE_STATS.explainedVariance] ?? NaN,
  };
}

/** One metrics row (METRICS.length) of an iteration; what was not measured is NaN. */
export function metricsRow(report: IterationReport): Float32Array {
  const of = (index: number): number => report.rollout[index] ?? NaN;
  const named: Partial<Row> = {
    step: report.iteration + 1,
    "objective/kl": of(ROLLOUT_STATS.kl),
    "objective/entropy": of(ROLLOUT_STATS.entropy),
    "objective/scores": of(ROLLOUT_STATS.scores),
    ...penaltyMetrics(report),
    "policy/entropy_avg": report.policy?.[POLICY_STATS.entropy] ?? NaN,
    ...ownMetrics(report),
    ...valueMetrics(report),
    ptx_loss: report.ptxLoss ?? NaN,
    grad_norm: report.gradNorm,
    lr: report.learningRate,
    eos_rate: of(ROLLOUT_STATS.eosRate),
    response_length: of(ROLLOUT_STATS.responseLength),
  };
  return Float32Array.from(METRICS, (name) => named[name] ?? NaN);
}

/**
 * The run-time self-checks. The KL of the very first rollout is that of two equal models, and the ratio of the
 * first policy minibatch is taken before its update: both must be what theory says, or the run is wrong.
 */
export function selfChecks(report: IterationReport, before: SelfChecks | undefined): SelfChecks {
  const first = report.firstPolicy?.[POLICY_STATS.ratioError];
  const ratioError =
    before !== undefined && !Number.isNaN(before.ratioError) ? before.ratioError : (first ?? NaN);
  return {
    ratioError,
    // of a run that came back without it, it is not known any more
    initialKl:
      before?.initialKl ??
      (report.iteration === 0 ? (report.rollout[ROLLOUT_STATS.kl] ?? NaN) : NaN),
    finite: report.skipped === 0 && (before?.finite ?? true),
    eosRate: report.rollout[ROLLOUT_STATS.eosRate] ?? NaN,
  };
}
