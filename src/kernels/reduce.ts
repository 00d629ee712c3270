// Sums (and maxima) of the terms of a loss over all rows in two passes, and the means that follow from them.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

interface Sizes {
  readonly [name: string]: number | boolean;
  readonly R: number;
  readonly C: number;
  readonly SUMS: number;
  readonly BLOCKS: number;
}

const LOWEST = -1e30;
// Below this many rows one thread per column is short enough.
const SINGLE_PASS = 32;

export const reduceBlocks: Kernel<"x" | "out", Sizes> = {
  name: "reduce",
  writes: ["out"],
  grid: ({ C, BLOCKS }) => row(Math.ceil((BLOCKS * C) / 64)),
  reference({ x, out }, { R, C, SUMS, BLOCKS }) {
    for (let p = 0; p < BLOCKS; p++) {
      for (let c = 0; c < C; c++) {
        let total = c < SUMS ? 0 : LOWEST;
        for (let r = p; r < R; r += BLOCKS) {
          const value = x[r * C + c]!;
          total = c < SUMS ? total + value : Math.max(total, value);
        }
        out[p * C + c] = total;
      }
    }
  },
};

/**
 * Sums over the rows of `terms` (R,C); the last `maxima` columns give their largest element instead.
 * @returns (C)
 */
export function reduceRows(tape: Tape, terms: Tensor, maxima = 0): Tensor {
  const C = terms.shape.at(-1) ?? 1;
  const R = size(terms.shape) / C;
  const sums = tape.scratch(`${terms.name}.sums`, [C]);
  const consts = { C, SUMS: C - maxima };
  if (R <= SINGLE_PASS) {
    tape.call(reduceBlocks, { x: terms, out: sums }, { R, BLOCKS: 1, ...consts });
    return sums;
  }
  const BLOCKS = Math.ceil(Math.sqrt(R));
  const partial = tape.scratch(`${terms.name}.blocks`, [BLOCKS, C]);
  tape.call(reduceBlocks, { x: terms, out: partial }, { R, BLOCKS, ...consts });
  tape.call(reduceBlocks, { x: partial, out: sums }, { R: BLOCKS, BLOCKS: 1, ...consts });
  return sums;
}

export const meansForward: Kernel<
  "sums" | "loss" | "stats",
  { readonly C: number; readonly COUNT: number }
> = {
  name: "means",
  writes: ["loss", "stats"],
  grid: () => [1],
  reference({ sums, loss, stats }, { C, COUNT }) {
    const count = Math.max(1, sums[COUNT]!);
    for (let c = 0; c < C; c++) stats[c] = c < COUNT ? sums[c]! / count : sums[c]!;
    loss[0] = stats[0]!;
  },
};

/** What the terms of a loss add up to. */
export interface Means {
  /** (C) sums over rows */
  readonly sums: Tensor;
  /** (C) the same, with the columns before the count divided by max(1, count) */
  readonly stats: Tensor;
}

/**
 * Reduces `terms` (R,C), whose columns are the loss, other means, the count (0 or 1 per row) and `maxima` maxima,
 * to means, and writes the first into `loss` [].
 * @param stats where the means go; a temporary by default
 * @throws RangeError when stats has fewer than C elements.
 */
export function meanLoss(
  tape: Tape,
  terms: Tensor,
  loss: Tensor,
  { maxima = 0, stats }: { maxima?: number; stats?: Tensor | undefined } = {},
): Means {
  const C = terms.shape.at(-1) ?? 1;
  const target = stats ?? tape.scratch(`${loss.name}.stats`, [C]);
  check(
    size(target.shape) >= C,
    `${loss.name}: ${describe(target)} cannot hold ${String(C)} statistics`,
  );
  const sums = reduceRows(tape, terms, maxima);
  tape.call(meansForward, { sums, loss, stats: target }, { C, COUNT: C - 1 - maxima });
  return { sums, stats: target };
}
