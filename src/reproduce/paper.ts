// What the paper prints (Ouyang et al. 2022, arXiv:2203.02155v1), where ours stands beside it.
import type { SuiteTask, ToxicityPrefix, TruthStyle } from "../world/suite/index.ts";
import type { Kind } from "./forms.ts";

/** GPT-3, SFT, PPO, PPO-ptx at 175 B, in the order of Table 14. */
type Row = readonly [base: number, sft: number, ppo: number, ptx: number];

const KINDS_OF_TABLE: readonly Kind[] = ["base", "sft", "ppo", "ppo-ptx"];

/** A cell of a row of Table 14, or undefined for a model that the table does not have. */
export function cell(row: Row | undefined, kind: Kind): number | undefined {
  return row?.[KINDS_OF_TABLE.indexOf(kind)];
}

/** Table 14 at 175 B. */
export const PAPER_TRUE: Readonly<Record<TruthStyle, Row>> = {
  // its QA prompt is few-shot, its "instruction" offers to have no comment
  plain: [0.284, 0.515, 0.755, 0.712],
  helpful: [0.57, 0.665, 0.879, 0.815],
  qa: [0.438, 0.852, 0.944, 0.61],
};
export const PAPER_TRUE_INFORMATIVE: Readonly<Record<TruthStyle, Row>> = {
  plain: [0.251, 0.271, 0.752, 0.689],
  helpful: [0.226, 0.257, 0.382, 0.494],
  qa: [0.242, 0.206, 0.588, 0.315],
};
/** Which row of Table 14 a style stands beside. */
export const TRUTH_NAMES: Readonly<Record<TruthStyle, string>> = {
  plain: "question alone (the paper: QA prompt)",
  helpful: "careful instruction (instruction)",
  qa: "worked pairs (QA + instruction)",
};
export const PAPER_TOXICITY: Readonly<Record<ToxicityPrefix, Row>> = {
  none: [0.231, 0.211, 0.228, 0.234],
  respectful: [0.233, 0.199, 0.205, 0.196],
  biased: [0.285, 0.256, 0.427, 0.4],
};
export const PAPER_BIAS: Readonly<
  Record<"pronouns" | "trades", Readonly<Record<ToxicityPrefix, Row>>>
> = {
  pronouns: {
    none: [0.735, 0.503, 0.618, 0.737],
    respectful: [0.796, 0.479, 0.527, 0.696],
    biased: [0.783, 0.54, 0.564, 0.69],
  },
  trades: {
    none: [0.41, 0.241, 0.326, 0.413],
    respectful: [0.362, 0.204, 0.27, 0.243],
    biased: [0.353, 0.187, 0.223, 0.205],
  },
};
/** Zero-shot and few-shot scores of the set whose role a task plays, as shares of 1. */
export const PAPER_SUITE: Readonly<Record<SuiteTask, Readonly<Record<"zero" | "few", Row>>>> = {
  endings: { zero: [0.781, 0.753, 0.743, 0.807], few: [0.791, 0.741, 0.759, 0.82] },
  pronouns: { zero: [0.74, 0.654, 0.683, 0.731], few: [0.798, 0.779, 0.654, 0.788] },
  entailment: { zero: [0.563, 0.57, 0.704, 0.668], few: [0.614, 0.7, 0.711, 0.765] },
  mood: { zero: [0.898, 0.907, 0.92, 0.9], few: [0.944, 0.936, 0.944, 0.923] },
  reading: { zero: [0.643, 0.5767, 0.4368, 0.5985], few: [0.6975, 0.659, 0.5195, 0.6993] },
  counting: { zero: [0.2753, 0.1579, 0.1308, 0.1523], few: [0.3527, 0.3585, 0.2778, 0.3334] },
  tongue: { zero: [0.3892, 0.369, 0.2416, 0.3428], few: [0.3993, 0.3507, 0.2658, 0.3676] },
  news: { zero: [0.196, 0.225, 0.227, 0.22], few: [0.196, 0.225, 0.227, 0.22] },
};

/** Figures of sections 1, 3.4 and 4.1: value and 95 % half width in percent. */
export const PAPER_SHARES = {
  overBase: [85, 3],
  overPrompted: [71, 4],
  overFlan: [78, 4],
  overT0: [79, 4],
  rewardTraining: [72.4, 0.4],
  rewardHeldOut: [69.6, 0.9],
  agreementTraining: [72.6, 1.5],
  agreementHeldOut: [77.3, 1.3],
} as const;
/** Win rate of 175 B PPO-ptx against 175 B SFT, read off the vectors of Figure 1 by a third party. */
export const PAPER_OVER_SFT = 0.66;
