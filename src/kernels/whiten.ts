// Whitening over masked elements: mean 0 and variance 1, for advantages (Ziegler et al. 2019 do it for rewards too).
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { reduceRows } from "./reduce.ts";

interface Count {
  readonly [name: string]: number | boolean;
  readonly N: number;
}
// (1e-6)²: about 16 roundings of f32; deviations this small are left over from summing equal values.
const NOISE = 1e-12;

export const whitenTerms: Kernel<"x" | "mask" | "terms", Count> = {
  name: "whiten_terms",
  writes: ["terms"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ x, mask, terms }, { N }) {
    for (let i = 0; i < N; i++) {
      terms[2 * i] = mask[i] === 0 ? 0 : x[i]! * mask[i]!;
      terms[2 * i + 1] = mask[i]!;
    }
  },
};

export const whitenDeviations: Kernel<"x" | "mask" | "sums" | "squares", Count> = {
  name: "whiten_deviations",
  writes: ["squares"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ x, mask, sums, squares }, { N }) {
    const mean = sums[0]! / Math.max(1, sums[1]!);
    for (let i = 0; i < N; i++) squares[i] = mask[i] === 0 ? 0 : (x[i]! - mean) ** 2 * mask[i]!;
  },
};

export const whitenForward: Kernel<
  "x" | "mask" | "sums" | "square" | "y",
  Count & { readonly SHIFT_MEAN: boolean; readonly UNBIASED: boolean; readonly EPS: number }
> = {
  name: "whiten",
  writes: ["y"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ x, mask, sums, square, y }, { N, SHIFT_MEAN, UNBIASED, EPS }) {
    const mean = sums[0]! / Math.max(1, sums[1]!);
    const variance = square[0]! / Math.max(1, sums[1]! - (UNBIASED ? 1 : 0));
    const scale = variance <= NOISE * mean * mean ? 0 : 1 / Math.sqrt(variance + EPS);
    for (let i = 0; i < N; i++) {
      const white = mask[i] === 0 ? 0 : (x[i]! - mean) * scale + (SHIFT_MEAN ? 0 : mean);
      y[i] = white * mask[i]!;
    }
  },
};

export interface WhitenOptions {
  /** true (default): the result has mean 0; false: it keeps its mean, as rewards must */
  readonly shiftMean?: boolean;
  /** true: variance over n - 1 (TRL); false (default): over n (lm-human-preferences) */
  readonly unbiased?: boolean;
  /** inside the root */
  readonly eps?: number;
}

/**
 * y = (x - mean) / sqrt(var + eps) over the elements of the mask, 0 outside it. Equal values give 0 (or the mean),
 * not amplified rounding. Has no derivative: advantages are constants of the policy loss.
 * @param x any shape; anything outside the mask
 * @param mask as many elements, f32
 * @throws RangeError when the sizes differ.
 */
export function whiten(
  tape: Tape,
  x: Tensor,
  mask: Tensor,
  { shiftMean = true, unbiased = false, eps = 1e-8 }: WhitenOptions = {},
): Tensor {
  const N = size(x.shape);
  check(
    size(mask.shape) === N,
    `whiten: needs a mask for every element, got ${describe(x)} and ${describe(mask)}`,
  );
  const terms = tape.scratch("whiten.terms", [N, 2]);
  tape.call(whitenTerms, { x, mask, terms }, { N });
  const sums = reduceRows(tape, terms);
  const squares = tape.scratch("whiten.squares", [N, 1]);
  tape.call(whitenDeviations, { x, mask, sums, squares }, { N });
  const square = reduceRows(tape, squares);
  const y = tape.scratch("whitened", x.shape);
  const consts = { N, SHIFT_MEAN: shiftMean, UNBIASED: unbiased, EPS: eps };
  tape.call(whitenForward, { x, mask, sums, square, y }, consts);
  return y;
}
