// Softmax over the last axis, with the largest element subtracted first.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import type { Tensor } from "../plan/tensor.ts";
import { rowsAndColumns } from "./column-sum.ts";

interface Rows {
  readonly [name: string]: number | boolean;
  readonly R: number;
  readonly C: number;
}

export const softmaxForward: Kernel<"z" | "p", Rows> = {
  name: "softmax",
  writes: ["p"],
  grid: ({ R }) => row(Math.ceil(R / 64)),
  reference({ z, p }, { R, C }) {
    for (let r = 0; r < R; r++) {
      let highest = z[r * C]!;
      for (let c = 1; c < C; c++) highest = Math.max(highest, z[r * C + c]!);
      let sum = 0;
      for (let c = 0; c < C; c++) sum += Math.exp(z[r * C + c]! - highest);
      for (let c = 0; c < C; c++) p[r * C + c] = Math.exp(z[r * C + c]! - highest) / sum;
    }
  },
};

export const softmaxBackward: Kernel<"p" | "dp" | "dz", Rows & { readonly ACCUMULATE: boolean }> = {
  name: "softmax_backward",
  writes: ["dz"],
  grid: ({ R }) => row(Math.ceil(R / 64)),
  reference({ p, dp, dz }, { R, C, ACCUMULATE }) {
    for (let r = 0; r < R; r++) {
      let sum = 0;
      for (let c = 0; c < C; c++) sum += dp[r * C + c]! * p[r * C + c]!;
      for (let c = 0; c < C; c++) {
        const d = p[r * C + c]! * (dp[r * C + c]! - sum);
        dz[r * C + c] = ACCUMULATE ? dz[r * C + c]! + d : d;
      }
    }
  },
};

/** p = exp(z - max z) / sum over the last axis: (..,C) -> (..,C). */
export function softmax(tape: Tape, z: Tensor): Tensor {
  const { R, C } = rowsAndColumns(z.shape);
  const p = tape.result("softmax", z.shape, z);
  tape.call(softmaxForward, { z, p }, { R, C });
  tape.onBackward(p, () => {
    const dp = tape.gradientOf(p);
    const dz = tape.into(z);
    if (dz === undefined) return;
    tape.call(softmaxBackward, { p, dp, dz: dz.tensor }, { R, C, ACCUMULATE: dz.ACCUMULATE });
  });
  return p;
}
