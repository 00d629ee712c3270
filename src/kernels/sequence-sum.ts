// Masked sums over the tokens of a sequence: what DPO takes for the log-probability of a response.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

interface Sizes {
  readonly [name: string]: number | boolean;
  readonly B: number;
  readonly G: number;
}

export const sequenceSumForward: Kernel<"x" | "mask" | "y", Sizes> = {
  name: "sequence_sum",
  writes: ["y"],
  grid: ({ B }) => row(Math.ceil(B / 64)),
  reference({ x, mask, y }, { B, G }) {
    for (let b = 0; b < B; b++) {
      let sum = 0;
      for (let i = b * G; i < (b + 1) * G; i++) sum += mask[i] === 0 ? 0 : x[i]! * mask[i]!;
      y[b] = sum;
    }
  },
};

export const sequenceSumBackward: Kernel<
  "dy" | "mask" | "dx",
  Sizes & { readonly ACCUMULATE: boolean }
> = {
  name: "sequence_sum_backward",
  writes: ["dx"],
  grid: ({ B, G }) => row(Math.ceil((B * G) / 64)),
  reference({ dy, mask, dx }, { B, G, ACCUMULATE }) {
    for (let i = 0; i < B * G; i++) {
      const d = dy[Math.floor(i / G)]! * mask[i]!;
      dx[i] = ACCUMULATE ? dx[i]! + d : d;
    }
  },
};

/**
 * y[b] = sum over the mask of x[b,:].
 * @param x (B,G); anything outside the mask
 * @param mask (B,G) f32
 * @throws RangeError when the sizes differ.
 */
export function sequenceSum(tape: Tape, x: Tensor, mask: Tensor): Tensor {
  const [B = 1, G = 1] = mask.shape;
  check(
    mask.shape.length === 2 && size(x.shape) === B * G,
    `sequenceSum: the mask must be (B,G) and x as large, got ${describe(mask)} and ${describe(x)}`,
  );
  const y = tape.result("sequence-sum", [B], x);
  tape.call(sequenceSumForward, { x, mask, y }, { B, G });
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    const dx = tape.into(x);
    if (dx === undefined) return;
    tape.call(
      sequenceSumBackward,
      { dy, mask, dx: dx.tensor },
      { B, G, ACCUMULATE: dx.ACCUMULATE },
    );
  });
  return y;
}
