// Positions of real tokens: padding on the left does not shift them.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

export const positionKernel: Kernel<"mask" | "pos", { readonly B: number; readonly T: number }> = {
  name: "position_ids",
  writes: ["pos"],
  grid: ({ B, T }) => row(Math.ceil((B * T) / 64)),
  reference({ mask, pos }, { B, T }) {
    for (let b = 0; b < B; b++) {
      let count = 0;
      for (let t = 0; t < T; t++) {
        pos[b * T + t] = count;
        count += mask[b * T + t]!;
      }
    }
  },
};

/**
 * pos[b,t] = number of real tokens before column t: the exclusive cumulative sum of the mask.
 * @param mask u32 (B,T)
 * @param out u32 (B,T) to write; a temporary by default
 * @throws RangeError when the mask is not (B,T).
 */
export function positionIds(tape: Tape, mask: Tensor, out?: Tensor): Tensor {
  check(mask.shape.length === 2, `positionIds: the mask must be (B,T), got ${describe(mask)}`);
  const [B = 0, T = 0] = mask.shape;
  const pos = out ?? tape.scratch("positions", mask.shape, "u32");
  tape.call(positionKernel, { mask, pos }, { B, T });
  return pos;
}
