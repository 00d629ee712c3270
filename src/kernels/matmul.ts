// Matrix products in every transposition, batched, and the linear layer on top of them.
import type { Grid, Kernel } from "../plan/kernel.ts";
import type { Tape, Target } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { columnSum } from "./column-sum.ts";

interface MatmulConsts {
  readonly [name: string]: number | boolean;
  readonly BATCH: number;
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly TA: boolean;
  readonly TB: boolean;
  readonly BIAS: boolean;
  readonly ACCUMULATE: boolean;
}

const TILE_M = 4;
const TILE_N = 4;
const LANES = 32;
const MAX_GROUPS = 65535;

function gridOf({ BATCH, M, N }: MatmulConsts): Grid {
  const groups = Math.ceil((Math.ceil(M / TILE_M) * Math.ceil(N / TILE_N)) / LANES);
  return groups <= MAX_GROUPS
    ? [groups, 1, BATCH]
    : [MAX_GROUPS, Math.ceil(groups / MAX_GROUPS), BATCH];
}

/** C = opA(A) opB(B) (+ bias), one independent product per batch. */
export const matmulKernel: Kernel<"a" | "b" | "bias" | "c", MatmulConsts> = {
  name: "matmul",
  writes: ["c"],
  grid: gridOf,
  flops: ({ BATCH, M, N, K }) => 2 * BATCH * M * N * K,
  reference({ a, b, bias, c }, { BATCH, M, N, K, TA, TB, BIAS, ACCUMULATE }) {
    const [am, ak] = TA ? [1, M] : [K, 1];
    const [bk, bn] = TB ? [1, K] : [N, 1];
    for (let z = 0; z < BATCH; z++) {
      for (let m = 0; m < M; m++) {
        for (let n = 0; n < N; n++) {
          let sum = 0;
          for (let k = 0; k < K; k++) {
            sum += a[z * M * K + m * am + k * ak]! * b[z * K * N + k * bk + n * bn]!;
          }
          if (BIAS) sum += bias[n]!;
          const at = (z * M + m) * N + n;
          c[at] = ACCUMULATE ? c[at]! + sum : sum;
        }
      }
    }
  },
};

/** Shape of a product: sizes and which operands are stored transposed. */
export interface Product {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly TA?: boolean;
  readonly TB?: boolean;
  readonly BATCH?: number;
}

/** Writes opA(A) opB(B) into a target; no derivative is recorded. */
export function product(tape: Tape, a: Tensor, b: Tensor, out: Target, shape: Product): void {
  const { M, N, K, TA = false, TB = false, BATCH = 1 } = shape;
  check(
    size(a.shape) === BATCH * M * K && size(b.shape) === BATCH * K * N,
    `matmul: ${describe(a)} and ${describe(b)} do not make ${String(BATCH)} products of ${String(M)}x${String(K)} by ${String(K)}x${String(N)}`,
  );
  const consts = { BATCH, M, N, K, TA, TB, BIAS: false, ACCUMULATE: out.ACCUMULATE };
  tape.call(matmulKernel, { a, b, bias: b, c: out.tensor }, consts);
}

/**
 * C = opA(A) opB(B), logical sizes M x K x N, optionally with a leading batch axis.
 * @throws RangeError when the operands do not have those sizes.
 */
export function matmul(tape: Tape, a: Tensor, b: Tensor, shape: Product): Tensor {
  const { M, N, K, TA = false, TB = false, BATCH = 1 } = shape;
  const c = tape.result("matmul", BATCH === 1 ? [M, N] : [BATCH, M, N], a, b);
  product(tape, a, b, { tensor: c, ACCUMULATE: false }, shape);
  tape.onBackward(c, () => {
    const dc = tape.gradientOf(c);
    const da = tape.into(a);
    if (da !== undefined) {
      if (TA) product(tape, b, dc, da, { BATCH, M: K, N: M, K: N, TA: TB, TB: true });
      else product(tape, dc, b, da, { BATCH, M, N: K, K: N, TB: !TB });
    }
    const db = tape.into(b);
    if (db !== undefined) {
      if (TB) product(tape, dc, a, db, { BATCH, M: N, N: K, K: M, TA: true, TB: TA });
      else product(tape, a, dc, db, { BATCH, M: K, N, K: M, TA: !TA });
    }
  });
  return c;
}

/**
 * y = x W + b, x (R,in), W (in,out), b (out) or absent: GPT-2's Conv1D convention.
 * @throws RangeError when the shapes do not match.
 */
export function linear(tape: Tape, x: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor {
  const [R = 0, K = 0] = x.shape;
  const [rows = 0, N = 0] = weight.shape;
  check(
    rows === K && (bias === undefined || size(bias.shape) === N),
    `linear: the rows of W must equal the columns of x, got ${describe(x)} and ${describe(weight)}`,
  );
  const parents = bias === undefined ? [x, weight] : [x, weight, bias];
  const y = tape.result("linear", [R, N], ...parents);
  tape.call(
    matmulKernel,
    { a: x, b: weight, bias: bias ?? weight, c: y },
    { BATCH: 1, M: R, N, K, TA: false, TB: false, BIAS: bias !== undefined, ACCUMULATE: false },
  );
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    const dw = tape.into(weight);
    if (dw !== undefined) product(tape, x, dy, dw, { M: K, N, K: R, TA: true });
    const db = bias === undefined ? undefined : tape.into(bias);
    if (db !== undefined) columnSum(tape, dy, db);
    const dx = tape.into(x);
    if (dx !== undefined) product(tape, dy, weight, dx, { M: R, N: K, K: N, TB: true });
  });
  return y;
}
