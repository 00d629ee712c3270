// The global norm of a flat gradient, the clip coefficient that follows from it, and whether it is finite at all.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import { ranges } from "../plan/ranges.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size, view } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { ADAMW_KNOBS } from "./adamw.ts";
import { columnSum } from "./column-sum.ts";

/** Places in the state tensor (4). */
export const NORM_STATE = {
  /** square root of the sum of squares, before clipping */
  norm: 0,
  /** what gradients are multiplied by */
  coefficient: 1,
  /** 1 when every gradient and the sum of squares are finite, else 0 */
  finite: 2,
  /** updates skipped so far */
  skipped: 3,
  size: 4,
} as const;

interface Consts {
  readonly [name: string]: number | boolean;
  readonly BLOCKS: number;
}

export const globalNormBlocks: Kernel<"g" | "partial", Consts & { readonly N: number }> = {
  name: "global_norm_blocks",
  writes: ["partial"],
  grid: ({ BLOCKS }) => row(Math.ceil(BLOCKS / 64)),
  reference({ g, partial }, { N, BLOCKS }) {
    for (let block = 0; block < BLOCKS; block++) {
      let sum = 0;
      let bad = 0;
      for (let n = block; n < N; n += BLOCKS) {
        sum += g[n]! ** 2;
        if (!Number.isFinite(g[n]!)) bad++;
      }
      partial[2 * block] = sum;
      partial[2 * block + 1] = bad;
    }
  },
};

export const globalNormForward: Kernel<"partial" | "knobs" | "state", Consts> = {
  name: "global_norm",
  writes: ["state"],
  grid: () => [1],
  reference({ partial, knobs, state }, { BLOCKS }) {
    let sum = 0;
    let bad = 0;
    for (let p = 0; p < BLOCKS; p++) {
      sum += partial[2 * p]!;
      bad += partial[2 * p + 1]!;
    }
    // rounded to f32, where squares overflow earlier than here
    const finite = bad === 0 && Number.isFinite(Math.fround(sum));
    const limit = knobs[ADAMW_KNOBS.maxNorm]!;
    const norm = Math.sqrt(sum);
    state[NORM_STATE.norm] = norm;
    const coefficient = limit > 0 ? Math.min(1, limit / (norm + 1e-6)) : 1;
    state[NORM_STATE.coefficient] = finite ? coefficient : 0;
    state[NORM_STATE.finite] = finite ? 1 : 0;
    state[NORM_STATE.skipped]! += finite ? 0 : 1;
  },
};

// Partial sums of the last, serial fold, and of the first pass over the gradients.
const FOLD = 64;
const MOST = 8192;

/**
 * Measures a flat gradient: norm = sqrt(sum g^2), coefficient = min(1, max_norm / (norm + 1e-6)) or 1 when
 * max_norm is 0 (Pascanu et al. 2013, algorithm 1), and whether all of it is finite. A gradient longer than a
 * binding takes several calls.
 * @param grads flat gradient (N)
 * @param state (4), see NORM_STATE; its counter of skipped updates is carried from call to call
 * @param knobs optimiser knobs, see ADAMW_KNOBS
 */
export function globalNorm(tape: Tape, grads: Tensor, state: Tensor, knobs: Tensor): void {
  check(
    size(state.shape) === NORM_STATE.size && size(knobs.shape) === ADAMW_KNOBS.size,
    `globalNorm: got state ${describe(state)} and knobs ${describe(knobs)}, expected ${String(NORM_STATE.size)} and ${String(ADAMW_KNOBS.size)} elements`,
  );
  const parts = ranges(size(grads.shape), tape.bindingLength);
  const foldsOf = parts.map(({ length }) =>
    Math.min(MOST / FOLD, Math.ceil(length / (FOLD * FOLD))),
  );
  const folds = foldsOf.reduce((sum, count) => sum + count, 0);
  let partial = tape.scratch("norm.blocks", [folds, FOLD * 2]);
  let first = 0;
  parts.forEach(({ length: N, of }, i) => {
    const count = foldsOf[i] ?? 1;
    const own = view(partial, [count, FOLD * 2], first * FOLD * 2);
    tape.call(globalNormBlocks, { g: of(grads), partial: own }, { N, BLOCKS: count * FOLD });
    first += count;
  });
  if (folds > 1) {
    const folded = tape.scratch("norm.folded", [FOLD * 2]);
    columnSum(tape, partial, { tensor: folded, ACCUMULATE: false });
    partial = folded;
  }
  tape.call(globalNormForward, { partial, knobs, state }, { BLOCKS: FOLD });
}
