// Layer normalisation (Ba, Kiros & Hinton 2016, eq. 3 and 4) over the last axis, with gain and bias.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape, Target } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor, TypedArray } from "../plan/tensor.ts";
import { rowBlocks, rowsAndColumns } from "./column-sum.ts";
import type { RowBlocks } from "./column-sum.ts";
import { rowVariants } from "./row-variants.ts";

interface Sizes {
  readonly [name: string]: number | boolean;
  readonly C: number;
}
interface Rows extends Sizes {
  readonly R: number;
}

export const layernormForward: Kernel<
  "x" | "w" | "b" | "y" | "stats",
  Rows & { readonly EPS: number }
> = {
  name: "layernorm",
  variants: rowVariants("layernorm"),
  tuningClass: () => "",
  writes: ["y", "stats"],
  grid: ({ R }) => row(Math.ceil(R / 64)),
  reference({ x, w, b, y, stats }, { R, C, EPS }) {
    for (let r = 0; r < R; r++) {
      let mean = 0;
      for (let c = 0; c < C; c++) mean += x[r * C + c]! / C;
      let variance = 0;
      for (let c = 0; c < C; c++) variance += (x[r * C + c]! - mean) ** 2 / C;
      const inverse = 1 / Math.sqrt(variance + EPS);
      for (let c = 0; c < C; c++) y[r * C + c] = (x[r * C + c]! - mean) * inverse * w[c]! + b[c]!;
      stats[2 * r] = mean;
      stats[2 * r + 1] = inverse;
    }
  },
};

/** (x - mean) / sqrt(var + eps) of one element. */
function normalised(x: TypedArray, stats: TypedArray, r: number, c: number, C: number): number {
  return (x[r * C + c]! - stats[2 * r]!) * stats[2 * r + 1]!;
}

export const layernormBackward: Kernel<
  "x" | "w" | "stats" | "dy" | "dx",
  Rows & { readonly ACCUMULATE: boolean }
> = {
  name: "layernorm_backward",
  variants: rowVariants("layernorm_backward"),
  tuningClass: () => "",
  writes: ["dx"],
  grid: ({ R }) => row(Math.ceil(R / 64)),
  reference({ x, w, stats, dy, dx }, { R, C, ACCUMULATE }) {
    for (let r = 0; r < R; r++) {
      let sum = 0;
      let product = 0;
      for (let c = 0; c < C; c++) {
        const g = (dy[r * C + c]! * w[c]!) / C;
        sum += g;
        product += g * normalised(x, stats, r, c, C);
      }
      for (let c = 0; c < C; c++) {
        const n = normalised(x, stats, r, c, C);
        const d = (dy[r * C + c]! * w[c]! - sum - n * product) * stats[2 * r + 1]!;
        dx[r * C + c] = ACCUMULATE ? dx[r * C + c]! + d : d;
      }
    }
  },
};

export const layernormBackwardBlocks: Kernel<"x" | "stats" | "dy" | "partial", Rows & RowBlocks> = {
  name: "layernorm_backward_blocks",
  writes: ["partial"],
  grid: ({ C, BLOCKS }) => row(Math.ceil((BLOCKS * C) / 64)),
  reference({ x, stats, dy, partial }, { R, C, ROWS }) {
    partial.fill(0);
    for (let r = 0; r < R; r++) {
      const at = Math.floor(r / ROWS) * 2 * C;
      for (let c = 0; c < C; c++) {
        partial[at + c]! += dy[r * C + c]! * normalised(x, stats, r, c, C);
        partial[at + C + c]! += dy[r * C + c]!;
      }
    }
  },
};

export const layernormBackwardParameters: Kernel<
  "partial" | "dw" | "db",
  Sizes & {
    readonly BLOCKS: number;
    readonly ACCUMULATE_W: boolean;
    readonly ACCUMULATE_B: boolean;
  }
> = {
  name: "layernorm_backward_parameters",
  writes: ["dw", "db"],
  grid: ({ C }) => row(Math.ceil(C / 64)),
  reference({ partial, dw, db }, { C, BLOCKS, ACCUMULATE_W, ACCUMULATE_B }) {
    for (let c = 0; c < C; c++) {
      let w = ACCUMULATE_W ? dw[c]! : 0;
      let b = ACCUMULATE_B ? db[c]! : 0;
      for (let p = 0; p < BLOCKS; p++) {
        w += partial[p * 2 * C + c]!;
        b += partial[p * 2 * C + C + c]!;
      }
      dw[c] = w;
      db[c] = b;
    }
  },
};

/**
 * y = (x - mean(x)) / sqrt(var(x) + eps) · w + b over the last axis, with the biased variance in two passes.
 * @param x (..,C)
 * @param w gain (C)
 * @param b bias (C)
 * @returns (..,C)
 * @throws RangeError when w or b does not have C elements.
 */
export function layernorm(tape: Tape, x: Tensor, w: Tensor, b: Tensor, eps = 1e-5): Tensor {
  const { R, C } = rowsAndColumns(x.shape);
  check(
    size(w.shape) === C && size(b.shape) === C,
    `layernorm: ${describe(x)} needs a gain and a bias of ${String(C)}, got ${describe(w)} and ${describe(b)}`,
  );
  const y = tape.activation("layernorm", x.shape, x, w, b);
  const stats = tape.scratch("layernorm.stats", [R, 2]);
  tape.call(layernormForward, { x, w, b, y, stats }, { R, C, EPS: eps });
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    if (tape.wants(w) || tape.wants(b)) parameterGradients(tape, { x, w, b, stats, dy });
    const dx = tape.into(x);
    if (dx === undefined) return;
    const consts = { R, C, ACCUMULATE: dx.ACCUMULATE };
    tape.call(layernormBackward, { x, w, stats, dy, dx: dx.tensor }, consts);
  });
  return y;
}

interface Operands {
  readonly x: Tensor;
  readonly w: Tensor;
  readonly b: Tensor;
  readonly stats: Tensor;
  readonly dy: Tensor;
}

function parameterGradients(tape: Tape, { x, w, b, stats, dy }: Operands): void {
  const { R, C } = rowsAndColumns(x.shape);
  const blocks = rowBlocks(R);
  const partial = tape.scratch("layernorm.blocks", [blocks.BLOCKS, 2 * C]);
  tape.call(layernormBackwardBlocks, { x, stats, dy, partial }, { R, C, ...blocks });
  const unused = (): Target => ({ tensor: tape.scratch("unused", [C]), ACCUMULATE: false });
  const dw = tape.into(w) ?? unused();
  const db = tape.into(b) ?? unused();
  tape.call(
    layernormBackwardParameters,
    { partial, dw: dw.tensor, db: db.tensor },
    { C, BLOCKS: blocks.BLOCKS, ACCUMULATE_W: dw.ACCUMULATE, ACCUMULATE_B: db.ACCUMULATE },
  );
}
