// Direct preference optimisation (Rafailov et al. 2023, eq. 7) with label smoothing, and its IPO and hinge variants.
import { checkKnobs, KNOBS } from "../kernels/knobs.ts";
import { sigmoid, softplus } from "../kernels/logistic.ts";
import { logprobs } from "../kernels/logprobs.ts";
import { meanLoss } from "../kernels/reduce.ts";
import { sequenceSum } from "../kernels/sequence-sum.ts";
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor, TypedArray } from "../plan/tensor.ts";
import type { Loss } from "./loss.ts";

/** The function of the log-ratio gap h: -log sigmoid(beta h), (h - 1/(2 beta))², or max(0, 1 - beta h). */
export type DpoKind = "sigmoid" | "ipo" | "hinge";
const KINDS: Readonly<Record<DpoKind, number>> = { sigmoid: 0, ipo: 1, hinge: 2 };

/** Index of each statistic of `dpo`, and column of each in `pairs`: means over pairs, then their number. */
export const DPO_STATS = {
  loss: 0,
  /** beta times the log-ratio of the preferred response: its implicit reward */
  rewardChosen: 1,
  rewardRejected: 2,
  rewardMargin: 3,
  /** share of pairs whose preferred response has the larger implicit reward */
  rewardAccuracy: 4,
  pairs: 5,
} as const;
const COLUMNS = 6;

interface Consts {
  readonly [name: string]: number | boolean;
  readonly N: number;
  readonly KIND: number;
  readonly BETA: number;
  readonly SMOOTHING: number;
}
type Inputs = Readonly<Record<"lp" | "reference" | "knobs", TypedArray>>;

/** Log-ratios of pair i to the reference: chosen and rejected. */
function ratios({ lp, reference }: Inputs, i: number, N: number): { c: number; r: number } {
  return { c: lp[i]! - reference[i]!, r: lp[N + i]! - reference[N + i]! };
}

export const dpoForward: Kernel<"lp" | "reference" | "knobs" | "pairs", Consts> = {
  name: "loss_dpo",
  writes: ["pairs"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ pairs, ...inputs }, { N, KIND, BETA, SMOOTHING }) {
    const beta = inputs.knobs[BETA]!;
    const ls = inputs.knobs[SMOOTHING]!;
    for (let i = 0; i < N; i++) {
      const { c, r } = ratios(inputs, i, N);
      const x = beta * (c - r);
      const losses = [
        (1 - ls) * softplus(-x) + ls * softplus(x),
        (c - r - 1 / (2 * beta)) ** 2,
        Math.max(0, 1 - x),
      ];
      const accuracy = beta * c > beta * r ? 1 : 0;
      pairs.set([losses[KIND]!, beta * c, beta * r, x, accuracy, 1], i * COLUMNS);
    }
  },
};

export const dpoBackward: Kernel<
  "lp" | "reference" | "knobs" | "dlp",
  Consts & { readonly ACCUMULATE: boolean }
> = {
  name: "loss_dpo_backward",
  writes: ["dlp"],
  grid: ({ N }) => row(Math.ceil((2 * N) / 64)),
  reference({ dlp, ...inputs }, { N, KIND, BETA, SMOOTHING, ACCUMULATE }) {
    const beta = inputs.knobs[BETA]!;
    const ls = inputs.knobs[SMOOTHING]!;
    for (let i = 0; i < 2 * N; i++) {
      const { c, r } = ratios(inputs, i % N, N);
      const x = beta * (c - r);
      const slopes = [
        beta * (ls * sigmoid(x) - (1 - ls) * sigmoid(-x)),
        2 * (c - r - 1 / (2 * beta)),
        x < 1 ? -beta : 0,
      ];
      const d = ((i < N ? 1 : -1) * slopes[KIND]!) / N;
      dlp[i] = ACCUMULATE ? dlp[i]! + d : d;
    }
  },
};

export interface DpoOptions {
  /** "sigmoid" by default, which KNOBS.labelSmoothing smooths (cDPO) */
  readonly kind?: DpoKind | undefined;
  /** (6) where the statistics go; see DPO_STATS */
  readonly stats?: Tensor | undefined;
}

export interface Dpo extends Loss {
  /** (N,6) loss and implicit rewards of each pair; columns as in DPO_STATS */
  readonly pairs: Tensor;
}

/**
 * Loss of N preference pairs, h = (lp - reference) of the chosen minus that of the rejected.
 * @param lp (2N) summed log-probabilities of completions: N chosen, then the N matching rejected
 * @param reference (2N) the same under the frozen reference
 * @param knobs reads KNOBS.beta and KNOBS.labelSmoothing
 * @throws RangeError when the sizes differ or are odd.
 */
export function dpo(
  tape: Tape,
  lp: Tensor,
  reference: Tensor,
  knobs: Tensor,
  { kind = "sigmoid", stats }: DpoOptions = {},
): Dpo {
  checkKnobs("dpo", knobs);
  const N = size(lp.shape) / 2;
  check(
    Number.isInteger(N) && size(reference.shape) === 2 * N,
    `dpo: needs N chosen and N rejected on both sides, got ${describe(lp)} and ${describe(reference)}`,
  );
  const consts = { N, KIND: KINDS[kind], BETA: KNOBS.beta, SMOOTHING: KNOBS.labelSmoothing };
  const pairs = tape.scratch("dpo.pairs", [N, COLUMNS]);
  tape.call(dpoForward, { lp, reference, knobs, pairs }, consts);
  const loss = tape.result("dpo-loss", [], lp);
  const means = meanLoss(tape, pairs, loss, { stats });
  tape.onBackward(loss, () => {
    const dlp = tape.into(lp);
    if (dlp === undefined) return;
    const bindings = { lp, reference, knobs, dlp: dlp.tensor };
    tape.call(dpoBackward, bindings, { ...consts, ACCUMULATE: dlp.ACCUMULATE });
  });
  return { loss, stats: means.stats, pairs };
}

export interface DpoLogits {
  /** (2N,T,V) of the policy: N chosen sequences, then the N rejected */
  readonly logits: Tensor;
  /** (2N,T,V) of the frozen reference */
  readonly refLogits: Tensor;
  /** (2N,T) the token that follows each position */
  readonly targets: Tensor;
  /** (2N,T) f32, 1 where that token belongs to the completion */
  readonly mask: Tensor;
}

/**
 * DPO from logits: sums the log-probabilities of completion tokens, then `dpo`.
 * @returns also logp and refLogp (2N)
 */
export function dpoLogits(
  tape: Tape,
  { logits, refLogits, targets, mask }: DpoLogits,
  knobs: Tensor,
  options: DpoOptions = {},
): Dpo & { readonly logp: Tensor; readonly refLogp: Tensor } {
  const { shape } = mask;
  const logp = sequenceSum(tape, logprobs(tape, logits, targets, { shape }).logp, mask);
  const refLogp = sequenceSum(tape, logprobs(tape, refLogits, targets, { shape }).logp, mask);
  return { ...dpo(tape, logp, refLogp, knobs, options), logp, refLogp };
}
