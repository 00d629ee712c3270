// Sums over rows: the derivative of everything that was broadcast over rows, in two passes without atomics.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape, Target } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Shape, Tensor } from "../plan/tensor.ts";

interface Sizes {
  readonly [name: string]: number | boolean;
  readonly R: number;
  readonly C: number;
}

/** How the rows of a sum are split: about as many blocks as rows per block. */
export interface RowBlocks {
  readonly ROWS: number;
  readonly BLOCKS: number;
}

/** Splits R rows into about sqrt(R) blocks, so that both passes have short loops. */
export function rowBlocks(R: number): RowBlocks {
  const ROWS = Math.ceil(Math.sqrt(R));
  return { ROWS, BLOCKS: Math.ceil(R / ROWS) };
}

/** Rows and columns of a tensor whose leading axes are all rows. */
export function rowsAndColumns(shape: Shape): { R: number; C: number } {
  const C = shape.at(-1) ?? 1;
  return { R: size(shape) / C, C };
}

export const columnSumBlocks: Kernel<"x" | "partial", Sizes & RowBlocks> = {
  name: "column_sum_blocks",
  writes: ["partial"],
  grid: ({ C, BLOCKS }) => row(Math.ceil((BLOCKS * C) / 64)),
  reference({ x, partial }, { R, C, ROWS, BLOCKS }) {
    for (let block = 0; block < BLOCKS; block++) {
      for (let c = 0; c < C; c++) {
        let sum = 0;
        for (let r = block * ROWS; r < Math.min(R, (block + 1) * ROWS); r++) sum += x[r * C + c]!;
        partial[block * C + c] = sum;
      }
    }
  },
};

export const columnSumForward: Kernel<"x" | "out", Sizes & { readonly ACCUMULATE: boolean }> = {
  name: "column_sum",
  writes: ["out"],
  grid: ({ C }) => row(Math.ceil(C / 64)),
  reference({ x, out }, { R, C, ACCUMULATE }) {
    for (let c = 0; c < C; c++) {
      let sum = 0;
      for (let r = 0; r < R; r++) sum += x[r * C + c]!;
      out[c] = ACCUMULATE ? out[c]! + sum : sum;
    }
  },
};

// Below this many rows one thread per column is short enough.
const SINGLE_PASS = 32;

/**
 * Writes (or adds, as the target says) the sum over all leading axes of `dy` (..,C) into `out` (C).
 * For use inside backward rules; it has no derivative of its own.
 */
export function columnSum(tape: Tape, dy: Tensor, out: Target): void {
  const { R, C } = rowsAndColumns(dy.shape);
  const { tensor, ACCUMULATE } = out;
  check(
    size(tensor.shape) === C,
    `columnSum: ${describe(tensor)} cannot hold the column sums of ${describe(dy)}, expected ${String(C)} elements`,
  );
  if (R <= SINGLE_PASS) {
    tape.call(columnSumForward, { x: dy, out: tensor }, { R, C, ACCUMULATE });
    return;
  }
  const blocks = rowBlocks(R);
  const partial = tape.scratch(`${tensor.name}.blocks`, [blocks.BLOCKS, C]);
  tape.call(columnSumBlocks, { x: dy, partial }, { R, C, ...blocks });
  tape.call(columnSumForward, { x: partial, out: tensor }, { R: blocks.BLOCKS, C, ACCUMULATE });
}
