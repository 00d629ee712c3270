// Masked cross-entropy of next-token prediction: the loss of SFT, of pre-training and of PPO-ptx's second term.
import { row } from "../plan/kernel.ts";
import type { Grid, Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor, TypedArray } from "../plan/tensor.ts";
import type { Knob } from "./knobs.ts";
import { meanLoss } from "./reduce.ts";
import { vectorVariant } from "./row-variants.ts";
import { joinParts, softmaxParts } from "./softmax-parts.ts";
import type { Joined } from "./softmax-parts.ts";

interface Sizes {
  readonly [name: string]: number | boolean;
  readonly R: number;
  readonly V: number;
}
interface Weighted {
  readonly THREADS: number;
  readonly WEIGHTED: boolean;
  readonly WEIGHT: number;
}
/** Columns that one invocation of a backward kernel over logits handles. */
export const COLUMNS_PER_THREAD = 8;

/** Grid of a backward kernel over logits, by elements and by vectors. */
export const gridOf = ({ R, THREADS }: Sizes & { readonly THREADS: number }): Grid =>
  row(Math.ceil((R * THREADS) / 64));
/** Whether rows of logits are whole vectors. */
export const inVectors = ({ V }: Sizes & { readonly THREADS: number }): boolean => V % 4 === 0;

export const crossEntropyRows: Kernel<
  "parts" | "logits" | "targets" | "mask" | "nll" | "normaliser" | "terms",
  Sizes & Joined
> = {
  name: "cross_entropy",
  writes: ["nll", "normaliser", "terms"],
  grid: ({ R }) => row(Math.ceil(R / 64)),
  reference({ parts, logits, targets, mask, nll, normaliser, terms }, { R, V, PARTS, GATHERED }) {
    for (let r = 0; r < R; r++) {
      const { largest, logSum } = joinParts(parts, r, PARTS);
      const at = GATHERED ? r : r * V + targets[r]!;
      const loss = mask[r] === 0 ? 0 : logSum - (logits[at]! - largest);
      normaliser[2 * r] = largest;
      normaliser[2 * r + 1] = logSum;
      nll[r] = loss * mask[r]!;
      terms[2 * r] = nll[r]!;
      terms[2 * r + 1] = mask[r]!;
    }
  },
};

/** d loss / d logit v of a row; `scale` = weight · mask / count. */
function slopeAt(
  { logit, scale, hit }: { logit: number; scale: number; hit: boolean },
  normaliser: TypedArray,
  r: number,
): number {
  const p = Math.exp(logit - normaliser[2 * r]! - normaliser[2 * r + 1]!);
  return scale * (p - (hit ? 1 : 0));
}

export const crossEntropyBackwardInPlace: Kernel<
  "targets" | "mask" | "normaliser" | "sums" | "knobs" | "dlogits",
  Sizes & Weighted
> = {
  name: "cross_entropy_backward_in_place",
  writes: ["dlogits"],
  variants: [vectorVariant("cross_entropy_backward_in_place", inVectors, gridOf)],
  tuningClass: () => "",
  grid: gridOf,
  reference({ targets, mask, normaliser, sums, knobs, dlogits }, { R, V, WEIGHTED, WEIGHT }) {
    for (let r = 0; r < R; r++) {
      const scale = ((WEIGHTED ? knobs[WEIGHT]! : 1) * mask[r]!) / Math.max(1, sums[1]!);
      for (let v = 0; v < V; v++) {
        const at = r * V + v;
        const of = { logit: dlogits[at]!, scale, hit: v === targets[r]! };
        dlogits[at] = slopeAt(of, normaliser, r);
      }
    }
  },
};

export const crossEntropyBackward: Kernel<
  "logits" | "targets" | "mask" | "normaliser" | "sums" | "knobs" | "dlogits",
  Sizes & Weighted & { readonly ACCUMULATE: boolean }
> = {
  name: "cross_entropy_backward",
  writes: ["dlogits"],
  variants: [vectorVariant("cross_entropy_backward", inVectors, gridOf)],
  tuningClass: () => "",
  inPlace: { from: "logits", to: "dlogits", kernel: crossEntropyBackwardInPlace },
  grid: gridOf,
  reference(buffers, { R, V, WEIGHTED, WEIGHT, ACCUMULATE }) {
    const { logits, targets, mask, normaliser, sums, knobs, dlogits } = buffers;
    for (let r = 0; r < R; r++) {
      const scale = ((WEIGHTED ? knobs[WEIGHT]! : 1) * mask[r]!) / Math.max(1, sums[1]!);
      for (let v = 0; v < V; v++) {
        const at = r * V + v;
        const of = { logit: logits[at]!, scale, hit: v === targets[r]! };
        const d = slopeAt(of, normaliser, r);
        dlogits[at] = ACCUMULATE ? dlogits[at]! + d : d;
      }
    }
  },
};

export interface CrossEntropyOptions {
  /** a live scalar that multiplies the derivative but not the reported loss (PPO-ptx's gamma) */
  readonly weight?: Knob | undefined;
  /** (2) where the loss and the count also go */
  readonly stats?: Tensor | undefined;
  /**
   * (2) whose second element divides the derivative in the place of sum(mask): the count of all micro-batches when
   * derivatives are added up over several
   */
  readonly total?: Tensor | undefined;
}

export interface CrossEntropy {
  /** [] mean of nll over the mask; 0 when the mask is empty */
  readonly loss: Tensor;
  /** (R) mask · -log p(target) in nats */
  readonly nll: Tensor;
  /** (R,2) largest logit m, and log of the sum of exp(logit - m): together the log-sum-exp */
  readonly normaliser: Tensor;
  /** (2) the loss and the number of counted rows */
  readonly stats: Tensor;
  /** (2) sums of mask · nll and of the mask */
  readonly sums: Tensor;
}

/**
 * loss = sum(mask · nll) / max(1, sum(mask)), nll = -log softmax(logits)[target].
 * @param logits (R,V) or any shape that ends in V
 * @param targets (R) i32 or u32; anything where mask is 0, it is not used as an index there
 * @param mask (R) f32, 1 = counted
 * @throws RangeError when targets or mask do not have R elements.
 */
export function crossEntropy(
  tape: Tape,
  logits: Tensor,
  targets: Tensor,
  mask: Tensor,
  { weight, stats, total }: CrossEntropyOptions = {},
): CrossEntropy {
  const { parts, R, V, PARTS } = softmaxParts(tape, logits);
  check(
    size(targets.shape) === R && size(mask.shape) === R,
    `crossEntropy: ${describe(logits)} has ${String(R)} rows, got ${describe(targets)} and ${describe(mask)}`,
  );
  const nll = tape.scratch("nll", mask.shape);
  const normaliser = tape.scratch("normaliser", [R, 2]);
  const terms = tape.scratch("nll.terms", [R, 2]);
  const bindings = { parts, logits, targets, mask, nll, normaliser, terms };
  tape.call(crossEntropyRows, bindings, { R, V, PARTS, GATHERED: false });
  const loss = tape.result("cross-entropy", [], logits);
  const means = meanLoss(tape, terms, loss, { stats });
  tape.onBackward(loss, () => {
    const dlogits = tape.into(logits);
    if (dlogits === undefined) return;
    tape.call(
      crossEntropyBackward,
      {
        logits,
        targets,
        mask,
        normaliser,
        sums: total ?? means.sums,
        knobs: weight?.tensor ?? mask,
        dlogits: dlogits.tensor,
      },
      {
        R,
        V,
        THREADS: Math.ceil(V / COLUMNS_PER_THREAD),
        WEIGHTED: weight !== undefined,
        WEIGHT: weight?.index ?? 0,
        ACCUMULATE: dlogits.ACCUMULATE,
      },
    );
  });
  return { loss, nll, normaliser, stats: means.stats, sums: means.sums };
}
