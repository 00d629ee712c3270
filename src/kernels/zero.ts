// Clears a tensor: where sums over several runs of a plan begin.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import { eachRange } from "../plan/ranges.ts";
import type { Tape } from "../plan/tape.ts";
import type { Tensor } from "../plan/tensor.ts";

export const zeroForward: Kernel<"cleared", { readonly N: number }> = {
  name: "zero",
  writes: ["cleared"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ cleared }, { N }) {
    cleared.fill(0, 0, N);
  },
};

/** Sets all elements of a tensor of any type to 0. Has no derivative. */
export function zero(tape: Tape, tensor: Tensor): void {
  eachRange(tape, tensor, ({ length, of }) => {
    tape.call(zeroForward, { cleared: of(tensor) }, { N: length });
  });
}
