// Dropout with a given mask (Srivastava et al. 2014), scaled so that the expectation stays.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

interface Consts {
  readonly [name: string]: number | boolean;
  readonly N: number;
  readonly SCALE: number;
  readonly ACCUMULATE: boolean;
}

/** Forward and backward are the same product. */
export const dropoutKernel: Kernel<"x" | "keep" | "y", Consts> = {
  name: "dropout",
  writes: ["y"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ x, keep, y }, { N, SCALE, ACCUMULATE }) {
    for (let i = 0; i < N; i++) y[i] = (ACCUMULATE ? y[i]! : 0) + x[i]! * keep[i]! * SCALE;
  },
};

/**
 * y = x · keep / (1 - p), any shape.
 * @param keep f32 of the same size, 1 = kept, 0 = dropped
 * @throws RangeError when the sizes differ or p is not in [0, 1).
 */
export function dropoutApply(tape: Tape, x: Tensor, keep: Tensor, p: number): Tensor {
  const N = size(x.shape);
  check(
    size(keep.shape) === N && keep.dtype === "f32",
    `dropout: got the mask ${describe(keep)} for ${describe(x)}, expected f32 of equal shape`,
  );
  check(p >= 0 && p < 1, `dropout: got the probability ${String(p)}, expected 0 <= p < 1`);
  const SCALE = 1 / (1 - p);
  const y = tape.result("dropout", x.shape, x);
  tape.call(dropoutKernel, { x, keep, y }, { N, SCALE, ACCUMULATE: false });
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    const dx = tape.into(x);
    if (dx === undefined) return;
    const consts = { N, SCALE, ACCUMULATE: dx.ACCUMULATE };
    tape.call(dropoutKernel, { x: dy, keep, y: dx.tensor }, consts);
  });
  return y;
}
