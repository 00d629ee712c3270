// Root-mean-square normalisation (Zhang & Sennrich 2019, eq. 4) over the last axis, with gain.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { columnSum, rowBlocks, rowsAndColumns } from "./column-sum.ts";
import type { RowBlocks } from "./column-sum.ts";

interface Rows {
  readonly [name: string]: number | boolean;
  readonly R: number;
  readonly C: number;
}

export const rmsnormForward: Kernel<"x" | "w" | "y" | "inverse", Rows & { readonly EPS: number }> =
  {
    name: "rmsnorm",
    writes: ["y", "inverse"],
    grid: ({ R }) => row(Math.ceil(R / 64)),
    reference({ x, w, y, inverse }, { R, C, EPS }) {
      for (let r = 0; r < R; r++) {
        let mean = 0;
        for (let c = 0; c < C; c++) mean += x[r * C + c]! ** 2 / C;
        inverse[r] = 1 / Math.sqrt(mean + EPS);
        for (let c = 0; c < C; c++) y[r * C + c] = x[r * C + c]! * inverse[r]! * w[c]!;
      }
    },
  };

export const rmsnormBackward: Kernel<
  "x" | "w" | "inverse" | "dy" | "dx",
  Rows & { readonly ACCUMULATE: boolean }
> = {
  name: "rmsnorm_backward",
  writes: ["dx"],
  grid: ({ R }) => row(Math.ceil(R / 64)),
  reference({ x, w, inverse, dy, dx }, { R, C, ACCUMULATE }) {
    for (let r = 0; r < R; r++) {
      const scale = inverse[r]!;
      let product = 0;
      for (let c = 0; c < C; c++) {
        product += (dy[r * C + c]! * w[c]! * x[r * C + c]! * scale) / C;
      }
      for (let c = 0; c < C; c++) {
        const d = (dy[r * C + c]! * w[c]! - x[r * C + c]! * scale * product) * scale;
        dx[r * C + c] = ACCUMULATE ? dx[r * C + c]! + d : d;
      }
    }
  },
};

export const rmsnormBackwardBlocks: Kernel<"x" | "inverse" | "dy" | "partial", Rows & RowBlocks> = {
  name: "rmsnorm_backward_blocks",
  writes: ["partial"],
  grid: ({ C, BLOCKS }) => row(Math.ceil((BLOCKS * C) / 64)),
  reference({ x, inverse, dy, partial }, { R, C, ROWS }) {
    partial.fill(0);
    for (let r = 0; r < R; r++) {
      const at = Math.floor(r / ROWS) * C;
      for (let c = 0; c < C; c++) {
        partial[at + c]! += dy[r * C + c]! * x[r * C + c]! * inverse[r]!;
      }
    }
  },
};

/**
 * y = x / sqrt(mean(x^2) + eps) · w over the last axis.
 * @param x (..,C)
 * @param w gain (C)
 * @returns (..,C)
 * @throws RangeError when w does not have C elements.
 */
export function rmsnorm(tape: Tape, x: Tensor, w: Tensor, eps = 1e-6): Tensor {
  const { R, C } = rowsAndColumns(x.shape);
  check(
    size(w.shape) === C,
    `rmsnorm: ${describe(x)} needs a gain of ${String(C)}, got ${describe(w)}`,
  );
  const y = tape.activation("rmsnorm", x.shape, x, w);
  const inverse = tape.scratch("rmsnorm.inverse", [R]);
  tape.call(rmsnormForward, { x, w, y, inverse }, { R, C, EPS: eps });
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    if (tape.wants(w)) {
      const blocks = rowBlocks(R);
      const partial = tape.scratch("rmsnorm.blocks", [blocks.BLOCKS, C]);
      tape.call(rmsnormBackwardBlocks, { x, inverse, dy, partial }, { R, C, ...blocks });
      const dw = tape.into(w);
      if (dw !== undefined) columnSum(tape, partial, dw);
    }
    const dx = tape.into(x);
    if (dx === undefined) return;
    const consts = { R, C, ACCUMULATE: dx.ACCUMULATE };
    tape.call(rmsnormBackward, { x, w, inverse, dy, dx: dx.tensor }, consts);
  });
  return y;
}
