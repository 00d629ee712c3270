// REINFORCE with a leave-one-out baseline (Ahmadian et al. 2024, eq. 7): each answer against its siblings' mean.
import { checkKnobs, KNOBS } from "../kernels/knobs.ts";
import { meanLoss } from "../kernels/reduce.ts";
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import type { Loss } from "./loss.ts";

interface Sizes {
  readonly [name: string]: number | boolean;
  readonly B: number;
  readonly G: number;
}
const LARGEST = 80;

export const rlooReturns: Kernel<
  "scores" | "old" | "reference" | "mask" | "knobs" | "returns",
  Sizes & { readonly BETA: number }
> = {
  name: "rloo_returns",
  writes: ["returns"],
  grid: ({ B }) => row(Math.ceil(B / 64)),
  reference({ scores, old, reference, mask, knobs, returns }, { B, G, BETA }) {
    for (let b = 0; b < B; b++) {
      let kl = 0;
      for (let i = b * G; i < (b + 1) * G; i++) kl += mask[i] === 0 ? 0 : old[i]! - reference[i]!;
      returns[b] = scores[b]! - knobs[BETA]! * kl;
    }
  },
};

export const rlooAdvantagesForward: Kernel<
  "returns" | "advantages",
  { readonly B: number; readonly K: number }
> = {
  name: "rloo_advantages",
  writes: ["advantages"],
  grid: ({ B }) => row(Math.ceil(B / 64)),
  reference({ returns, advantages }, { B, K }) {
    for (let b = 0; b < B; b++) {
      let others = 0;
      for (let j = b - (b % K); j < b - (b % K) + K; j++) others += j === b ? 0 : returns[j]!;
      advantages[b] = returns[b]! - others / (K - 1);
    }
  },
};

export interface RlooInputs {
  /** (P,K) scores of K answers to each of P prompts */
  readonly scores: Tensor;
  /** (P·K,G) log-probabilities under the policy that sampled */
  readonly lpOld: Tensor;
  /** (P·K,G) under the frozen reference */
  readonly ref: Tensor;
  /** (P·K,G) f32; anything may stand outside the mask in the other inputs */
  readonly mask: Tensor;
}

/**
 * returns = score - beta · sum of (lpOld - ref); advantages = return minus the mean return of the other answers
 * to the same prompt. Both (P,K).
 * @param knobs reads KNOBS.beta
 * @throws RangeError when shapes disagree or a prompt has fewer than two answers.
 */
export function rlooAdvantages(
  tape: Tape,
  { scores, lpOld, ref, mask }: RlooInputs,
  knobs: Tensor,
): { returns: Tensor; advantages: Tensor } {
  checkKnobs("rlooAdvantages", knobs);
  const [B = 1, G = 1] = mask.shape;
  const K = scores.shape.at(-1) ?? 1;
  check(
    K > 1 && size(scores.shape) === B && [lpOld, ref].every(({ shape }) => size(shape) === B * G),
    `rlooAdvantages: needs at least two answers per prompt and one row each, got ${describe(scores)}, ${describe(mask)}, ${describe(lpOld)} and ${describe(ref)}`,
  );
  const returns = tape.scratch("returns", scores.shape);
  const advantages = tape.scratch("advantages", scores.shape);
  const inputs = { scores, old: lpOld, reference: ref, mask, knobs };
  tape.call(rlooReturns, { ...inputs, returns }, { B, G, BETA: KNOBS.beta });
  tape.call(rlooAdvantagesForward, { returns, advantages }, { B, K });
  return { returns, advantages };
}

export const rlooForward: Kernel<
  "lp" | "old" | "advantages" | "mask" | "knobs" | "terms" | "slopes",
  Sizes & { readonly CLIPPED: boolean; readonly CLIP: number }
> = {
  name: "loss_rloo",
  writes: ["terms", "slopes"],
  grid: ({ B }) => row(Math.ceil(B / 64)),
  reference(buffers, { B, G, CLIPPED, CLIP }) {
    const { lp, old, advantages, mask, knobs, terms, slopes } = buffers;
    for (let b = 0; b < B; b++) {
      const A = advantages[b]!;
      let sum = 0;
      for (let i = b * G; i < (b + 1) * G; i++) {
        if (mask[i] !== 0) sum += CLIPPED ? lp[i]! - old[i]! : lp[i]!;
      }
      const ratio = Math.exp(Math.min(LARGEST, Math.max(-LARGEST, sum)));
      const bounded = Math.min(1 + knobs[CLIP]!, Math.max(1 - knobs[CLIP]!, ratio)) * A;
      const active = ratio * A <= bounded;
      terms[2 * b] = CLIPPED ? -Math.min(ratio * A, bounded) : -A * sum;
      terms[2 * b + 1] = 1;
      slopes[b] = CLIPPED ? (active ? -ratio * A : 0) : -A;
    }
  },
};

export const rlooBackward: Kernel<
  "slopes" | "mask" | "dlp",
  Sizes & { readonly ACCUMULATE: boolean }
> = {
  name: "loss_rloo_backward",
  writes: ["dlp"],
  grid: ({ B, G }) => row(Math.ceil((B * G) / 64)),
  reference({ slopes, mask, dlp }, { B, G, ACCUMULATE }) {
    for (let i = 0; i < B * G; i++) {
      const d = (slopes[Math.floor(i / G)]! * mask[i]!) / B;
      dlp[i] = ACCUMULATE ? dlp[i]! + d : d;
    }
  },
};

/**
 * "reinforce": -mean of A · sum(lp); "clip": -mean of min(s A, clip(s, 1 ± clip) A) with the ratio of whole
 * sequences s = exp(sum(lp - lpOld)). Backward reaches lp; the advantages are constants.
 * @param inputs lp, lpOld and mask (B,G), advantages (B)
 * @param knobs reads KNOBS.clip in the clip kind
 * @param options.stats (2) where the loss and the number of responses go
 * @throws RangeError when shapes disagree.
 */
export function rlooLoss(
  tape: Tape,
  { lp, lpOld, advantages, mask }: Readonly<Record<"lp" | "lpOld" | "advantages" | "mask", Tensor>>,
  knobs: Tensor,
  { kind = "reinforce", stats }: { kind?: "reinforce" | "clip"; stats?: Tensor } = {},
): Loss {
  checkKnobs("rlooLoss", knobs);
  const [B = 1, G = 1] = mask.shape;
  check(
    mask.shape.length === 2 &&
      [lp, lpOld].every(({ shape }) => size(shape) === B * G) &&
      size(advantages.shape) === B,
    `rlooLoss: the mask must be (B,G) and everything else fit it, got ${describe(mask)}, ${describe(lp)}, ${describe(lpOld)} and ${describe(advantages)}`,
  );
  const terms = tape.scratch("rloo.terms", [B, 2]);
  const slopes = tape.scratch("rloo.slopes", [B]);
  tape.call(
    rlooForward,
    { lp, old: lpOld, advantages, mask, knobs, terms, slopes },
    { B, G, CLIPPED: kind === "clip", CLIP: KNOBS.clip },
  );
  const loss = tape.result("rloo-loss", [], lp);
  const means = meanLoss(tape, terms, loss, { stats });
  tape.onBackward(loss, () => {
    const dlp = tape.into(lp);
    if (dlp === undefined) return;
    tape.call(
      rlooBackward,
      { slopes, mask, dlp: dlp.tensor },
      { B, G, ACCUMULATE: dlp.ACCUMULATE },
    );
  });
  return { loss, stats: means.stats };
}
