// From what an iteration measured to the rows and checks that the page shows.
import { ROLLOUT_STATS } from "../kernels/rollout-metrics.ts";
import { POLICY_STATS } from "../losses/ppo.ts";
import { VALUE_STATS } from "../losses/ppo-value.ts";
import type { IterationReport } from "../rlhf/session/session.ts";
import { METRICS } from "./protocol.ts";
import type { MetricName, SelfChecks } from "./protocol.ts";

/** One metrics row (METRICS.length) of an iteration; what was not measured is NaN. */
export function metricsRow(report: IterationReport, { beta }: { beta: number }): Float32Array {
  const { rollout, policy, value } = report;
  const ofPolicy = (index: number): number => policy?.[index] ?? NaN;
  const ofRollout = (index: number): number => rollout[index] ?? NaN;
  const named: Record<MetricName, number> = {
    step: report.iteration + 1,
    "objective/kl": ofRollout(ROLLOUT_STATS.kl),
    "objective/kl_coef": beta,
    "objective/entropy": ofRollout(ROLLOUT_STATS.entropy),
    "objective/scores": ofRollout(ROLLOUT_STATS.scores),
    "objective/rlhf_reward": ofRollout(ROLLOUT_STATS.rlhfReward),
    "objective/non_score_reward": ofRollout(ROLLOUT_STATS.nonScoreReward),
    "policy/approxkl_avg": ofPolicy(POLICY_STATS.approxKlK2),
    "policy/clipfrac_avg": ofPolicy(POLICY_STATS.clipFraction),
    "policy/entropy_avg": ofPolicy(POLICY_STATS.entropy),
    "loss/policy_avg": ofPolicy(POLICY_STATS.policyLoss),
    "loss/value_avg": value[VALUE_STATS.valueLoss] ?? NaN,
    "val/clipfrac_avg": value[VALUE_STATS.clipFraction] ?? NaN,
    "val/ratio": ofPolicy(POLICY_STATS.ratioMean),
    "val/explained_variance": value[VALUE_STATS.explainedVariance] ?? NaN,
    ptx_loss: report.ptxLoss ?? NaN,
    grad_norm: report.gradNorm,
    lr: report.learningRate,
    eos_rate: ofRollout(ROLLOUT_STATS.eosRate),
    response_length: ofRollout(ROLLOUT_STATS.responseLength),
  };
  return Float32Array.from(METRICS, (name) => named[name]);
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
    initialKl: before?.initialKl ?? report.rollout[ROLLOUT_STATS.kl] ?? NaN,
    finite: report.finite && (before?.finite ?? true),
    eosRate: report.rollout[ROLLOUT_STATS.eosRate] ?? NaN,
  };
}
