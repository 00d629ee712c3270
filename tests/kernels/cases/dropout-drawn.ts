// Generic test entries of dropout with a drawn mask: alone, onto a residual, twice on one input, and hardly or nearly all dropped.
import { DROPOUT_STATE, dropoutDrawn } from "../../../src/kernels/dropout-drawn.ts";
import type { OpCase } from "../op-case.ts";

const state = {
  shape: [DROPOUT_STATE.size],
  dtype: "u32",
  // a seed with the highest bit set, step 7, micro-batch 2
  value: (i: number) => [-1234567, 7, 2][i]!,
} as const;

export const cases: readonly OpCase[] = [1, 65, 1757].map((N) => ({
  name: `dropout drawn ${String(N)}`,
  inputs: { x: { shape: [N] }, r: { shape: [N] }, state },
  build: (tape, { x, r, state: from }) => {
    const drop = (p: number) => ({ p, state: from! });
    const y = dropoutDrawn(tape, x!, drop(0.2), 0);
    return [
      dropoutDrawn(tape, x!, drop(0.1), 3, r),
      dropoutDrawn(tape, y, drop(0.9), 4, r),
      dropoutDrawn(tape, r!, drop(1e-6), 5),
    ];
  },
}));
