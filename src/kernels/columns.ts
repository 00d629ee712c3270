// Picks consecutive columns of a batch of sequences: the states that predict, or hold, the response.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

interface Sizes {
  readonly [name: string]: number | boolean;
  readonly B: number;
  readonly T: number;
  readonly C: number;
  readonly FIRST: number;
  readonly COUNT: number;
}

export const columnsForward: Kernel<"x" | "y", Sizes> = {
  name: "columns",
  writes: ["y"],
  grid: ({ B, COUNT, C }) => row(Math.ceil((B * COUNT * C) / 64)),
  reference({ x, y }, { B, T, C, FIRST, COUNT }) {
    for (let b = 0; b < B; b++) {
      for (let i = 0; i < COUNT * C; i++) y[b * COUNT * C + i] = x[(b * T + FIRST) * C + i]!;
    }
  },
};

export const columnsBackward: Kernel<"dy" | "dx", Sizes & { readonly ACCUMULATE: boolean }> = {
  name: "columns_backward",
  writes: ["dx"],
  grid: ({ B, T, C }) => row(Math.ceil((B * T * C) / 64)),
  reference({ dy, dx }, { B, T, C, FIRST, COUNT, ACCUMULATE }) {
    for (let b = 0; b < B; b++) {
      for (let t = 0; t < T; t++) {
        const inside = t >= FIRST && t < FIRST + COUNT;
        for (let c = 0; c < C; c++) {
          const d = inside ? dy[(b * COUNT + t - FIRST) * C + c]! : 0;
          const at = (b * T + t) * C + c;
          dx[at] = ACCUMULATE ? dx[at]! + d : d;
        }
      }
    }
  },
};

/**
 * y[b,j] = x[b, first + j] for j < count.
 * @param x (B*T, C)
 * @returns (B*count, C)
 * @throws RangeError when the columns are outside the sequences.
 */
export function columns(
  tape: Tape,
  x: Tensor,
  { B, T, first, count }: { B: number; T: number; first: number; count: number },
): Tensor {
  const C = size(x.shape) / (B * T);
  check(
    Number.isInteger(C) && first >= 0 && count > 0 && first + count <= T,
    `columns: ${String(first)} to ${String(first + count)} of ${describe(x)} are not inside ${String(B)} sequences of ${String(T)}`,
  );
  const y = tape.result("columns", [B * count, C], x);
  const sizes = { B, T, C, FIRST: first, COUNT: count };
  tape.call(columnsForward, { x, y }, sizes);
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    const dx = tape.into(x);
    if (dx === undefined) return;
    tape.call(columnsBackward, { dy, dx: dx.tensor }, { ...sizes, ACCUMULATE: dx.ACCUMULATE });
  });
  return y;
}
