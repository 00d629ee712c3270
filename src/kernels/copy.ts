// Copies a tensor of one plan into a place that outlives it: how a rollout hands its results to the updates.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import { eachRange } from "../plan/ranges.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

export const copyForward: Kernel<"source" | "copied", { readonly N: number }> = {
  name: "copy",
  writes: ["copied"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ source, copied }, { N }) {
    copied.set(source.subarray(0, N));
  },
};

/**
 * Writes all elements of `from` into `to`, which must lie in another buffer. Has no derivative.
 * @throws RangeError when the two differ in size or type.
 */
export function copy(tape: Tape, from: Tensor, to: Tensor): void {
  check(
    size(to.shape) === size(from.shape) && from.dtype === to.dtype && from.storage !== to.storage,
    `copy: ${describe(from)} (${from.dtype}) does not fit ${describe(to)} (${to.dtype}), expected the same size and type in another buffer`,
  );
  eachRange(tape, from, ({ length, of }) => {
    tape.call(copyForward, { source: of(from), copied: of(to) }, { N: length });
  });
}
