// Dropout (Srivastava et al. 2014) whose mask is drawn from a counter, forward and again in backward.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { hash } from "./draw.ts";
import { passOn } from "./residual.ts";

interface Consts {
  readonly [name: string]: number | boolean;
  readonly N: number;
  /** which dropout of the plan this is */
  readonly SITE: number;
  /** how many of the 2^24 equally likely draws drop an element */
  readonly DROPPED: number;
  readonly SCALE: number;
  readonly RESIDUAL: boolean;
  readonly ACCUMULATE: boolean;
}

/** Places in the live state that masks are drawn from, u32 (3). */
export const DROPOUT_STATE = {
  seed: 0,
  /** another mask for every update */
  step: 1,
  /** and for every micro-batch of it */
  part: 2,
  size: 3,
} as const;

const DRAWS = 2 ** 24;

/** Forward, with or without a residual; backward is the same with dy for x and without. */
export const dropoutDrawnKernel: Kernel<"x" | "r" | "state" | "y", Consts> = {
  name: "dropout_drawn",
  writes: ["y"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ x, r, state, y }, { N, SITE, DROPPED, SCALE, RESIDUAL, ACCUMULATE }) {
    const { seed, step, part } = DROPOUT_STATE;
    const update = hash((state[step]! ^ hash(state[seed]!)) >>> 0);
    const key = hash((SITE ^ hash((state[part]! ^ update) >>> 0)) >>> 0);
    for (let i = 0; i < N; i++) {
      const kept = hash((i ^ key) >>> 0) >>> 8 >= DROPPED;
      const v = (kept ? x[i]! * SCALE : 0) + (RESIDUAL ? r[i]! : 0);
      y[i] = ACCUMULATE ? y[i]! + v : v;
    }
  },
};

/** What a plan with dropout draws from. */
export interface Dropout {
  /** probability that an element is dropped, 0 < p < 1 */
  readonly p: number;
  /** u32 (3), see DROPOUT_STATE; written by the host before every run */
  readonly state: Tensor;
}

/**
 * y = keep x / (1 - p) + r, any shape; what is kept hangs on the state, the site and the place alone.
 * @param SITE another number for every dropout of a plan
 * @throws RangeError when sizes differ or p is not between 0 and 1
 */
export function dropoutDrawn(
  tape: Tape,
  x: Tensor,
  { p, state }: Dropout,
  SITE: number,
  residual?: Tensor,
): Tensor {
  const N = size(x.shape);
  check(p > 0 && p < 1, `dropout: got the probability ${String(p)}, expected 0 < p < 1`);
  check(
    size(state.shape) === DROPOUT_STATE.size && state.dtype === "u32",
    `dropout: got the state ${describe(state)}, expected u32 of ${String(DROPOUT_STATE.size)} elements`,
  );
  check(
    residual === undefined || size(residual.shape) === N,
    `dropout: the residual must have the shape of ${describe(x)}`,
  );
  const consts = { N, SITE, DROPPED: Math.round(p * DRAWS), SCALE: 1 / (1 - p) };
  const parents = residual === undefined ? [x] : [x, residual];
  const y = tape.result("dropout", x.shape, ...parents);
  // any f32 tensor of more than 0 elements where there is no residual
  const nothing = (): Tensor => tape.scratch("no residual", [1]);
  tape.call(
    dropoutDrawnKernel,
    { x, r: residual ?? nothing(), state, y },
    { ...consts, RESIDUAL: residual !== undefined, ACCUMULATE: false },
  );
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    const dx = tape.into(x);
    if (dx !== undefined) {
      tape.call(
        dropoutDrawnKernel,
        { x: dy, r: nothing(), state, y: dx.tensor },
        { ...consts, RESIDUAL: false, ACCUMULATE: dx.ACCUMULATE },
      );
    }
    if (residual !== undefined) passOn(tape, residual, y);
  });
  return y;
}
