// Oracle specs of learning from preferences without PPO: DPO, GRPO and RLOO.
import { DPO_STATS, dpo, dpoLogits } from "../losses/dpo.ts";
import type { DpoKind } from "../losses/dpo.ts";
import { GRPO_STATS, grpoAdvantages, grpoLoss } from "../losses/grpo.ts";
import type { GrpoAggregation, GrpoScale } from "../losses/grpo.ts";
import { rlooAdvantages, rlooLoss } from "../losses/rloo.ts";
import type { Tensor } from "../plan/tensor.ts";
import { pairEntropy, winRate } from "../rlhf/preference-statistics.ts";
import { gradient } from "./bench.ts";
import type { Bench, Results, Spec } from "./bench.ts";
import { knobs } from "./knobs.ts";

/** A hyper-parameter that must be one of a few words. */
function choice<T extends string>(bench: Bench, name: string, words: readonly T[]): T {
  const text = bench.text(name);
  const found = words.find((word) => word === text);
  if (found === undefined) {
    throw new TypeError(`hyper.${name} is ${text}, expected ${words.join(", ")}`);
  }
  return found;
}

async function dpoPairs(bench: Bench): Promise<Results> {
  const concatenated = (first: string, second: string): number[] => [
    ...bench.values(first),
    ...bench.values(second),
  ];
  const n = bench.values("pc").length;
  const lp = bench.trainable("lp", [2 * n], concatenated("pc", "pr"));
  const reference = bench.constant("reference", [2 * n], concatenated("rc", "rr"));
  const labelSmoothing = bench.number("label_smoothing");
  const live = knobs(bench, { beta: bench.number("beta"), labelSmoothing });
  const kind = choice<DpoKind>(bench, "kind", ["sigmoid", "ipo", "hinge"]);
  const { loss, stats, pairs } = dpo(bench.tape, lp, reference, live, { kind });
  const read = await bench.finish({ loss, stats, pairs, gradient: gradient(lp) });
  const { pairs: table = [], stats: means = [], gradient: slopes = [] } = read;
  const columns = table.length / n;
  const column = (index: number): number[] =>
    Array.from({ length: n }, (_, i) => table[i * columns + index] ?? NaN);
  return {
    ...read,
    per_pair: column(DPO_STATS.loss),
    reward_chosen: column(DPO_STATS.rewardChosen),
    reward_rejected: column(DPO_STATS.rewardRejected),
    reward_margin: [means[DPO_STATS.rewardMargin] ?? NaN],
    reward_accuracy: [means[DPO_STATS.rewardAccuracy] ?? NaN],
    "grad/pc": Array.from(slopes).slice(0, n),
    "grad/pr": Array.from(slopes).slice(n),
  };
}

/** Moves every row of (R,T) one place to the left; the last place gets 0. */
function next(bench: Bench, name: string): number[] {
  const values = bench.values(name);
  const T = bench.shape(name).at(-1) ?? 1;
  return Array.from(values, (_, i) => (i % T === T - 1 ? 0 : (values[i + 1] ?? 0)));
}

function dpoFromLogits(bench: Bench): Promise<Results> {
  const logits = bench.parameter("logits");
  const inputs = {
    logits,
    refLogits: bench.input("ref_logits"),
    targets: bench.constant("targets", bench.shape("ids"), next(bench, "ids"), "i32"),
    mask: bench.constant("mask", bench.shape("ids"), next(bench, "loss_mask")),
  };
  const live = knobs(bench, { beta: bench.number("beta") });
  const { loss, logp, refLogp: ref_logp } = dpoLogits(bench.tape, inputs, live);
  return bench.finish({ loss, logp, ref_logp, "grad/logits": gradient(logits) });
}

async function grpoAdvantage(bench: Bench): Promise<Results> {
  const scale = choice<GrpoScale>(bench, "scale", ["group", "batch", "none"]);
  const options = { scale, eps: bench.number("eps") };
  const result = grpoAdvantages(bench.tape, bench.input("rewards"), options);
  const read = await bench.finish({ ...result });
  return { ...read, frac_zero_std: [read["stats"]?.[0] ?? NaN] };
}

async function grpo(bench: Bench): Promise<Results> {
  const words = ["seq_mean", "token_mean", "dr_grpo"] as const;
  const aggregation = choice<GrpoAggregation>(bench, "agg", words);
  const lp = bench.parameter("lp");
  const inputs = {
    lp,
    lpOld: bench.input("lp_old"),
    ref: bench.input("ref"),
    advantages: bench.input("advantages"),
    mask: bench.input("mask", "f32"),
  };
  const [beta, clip] = [bench.number("beta"), bench.number("clip_low")];
  const live = knobs(bench, { beta, clip, clipHigh: bench.number("clip_high") });
  const maxLength = bench.number("max_len");
  const { loss, stats } = grpoLoss(bench.tape, inputs, live, { aggregation, maxLength });
  const read = await bench.finish({ loss, stats, "grad/lp": gradient(lp) });
  const stat = (index: number): number[] => [read["stats"]?.[index] ?? NaN];
  return {
    ...read,
    kl: stat(GRPO_STATS.kl),
    clip_low: stat(GRPO_STATS.clipLow),
    clip_high: stat(GRPO_STATS.clipHigh),
  };
}

async function rloo(bench: Bench): Promise<Results> {
  const live = knobs(bench, { beta: bench.number("beta"), clip: bench.number("clip") });
  const lpOld = bench.input("lp_old");
  const mask = bench.input("mask", "f32");
  const rollout = { scores: bench.input("scores"), lpOld, ref: bench.input("ref"), mask };
  const { returns, advantages } = rlooAdvantages(bench.tape, rollout, live);
  const made = await bench.finish({ returns, advantages });
  const update = async (kind: "reinforce" | "clip"): Promise<Results> => {
    const lp: Tensor = bench.parameter("lp");
    const { loss } = rlooLoss(bench.tape, { lp, lpOld, advantages, mask }, live, { kind });
    return bench.finish({ [`loss_${kind}`]: loss, [`grad_${kind}/lp`]: gradient(lp) });
  };
  return { ...made, ...(await update("reinforce")), ...(await update("clip")) };
}

export const preference: Readonly<Record<string, Spec>> = {
  dpo: dpoPairs,
  dpo_logits: dpoFromLogits,
  grpo_advantages: grpoAdvantage,
  grpo_loss: grpo,
  rloo,
  pair_entropy: (bench) => {
    const lp = bench.values("lp");
    const n = lp.length / 2;
    const bits = Array.from({ length: n }, (_, i) =>
      pairEntropy(lp[2 * i] ?? NaN, lp[2 * i + 1] ?? NaN),
    );
    return { bits, mean_bits: [bits.reduce((sum, b) => sum + b, 0) / n] };
  },
  win_rate: (bench) => {
    const { rate, halfWidth } = winRate(bench.values("outcome"));
    return { rate: [rate], half_width: [halfWidth] };
  },
};
