// Matrix products in every transposition, batched, and the linear layer on top of them.
import type { Grid, Kernel } from "../plan/kernel.ts";
import type { Tape, Target } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { columnSum } from "./column-sum.ts";
import { geluAt, geluSlopeAt } from "./gelu.ts";
import { matmulVariants } from "./matmul-variants.ts";
import type { MatmulConsts } from "./matmul-variants.ts";
import { passOn } from "./residual.ts";

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

/**
 * C = opA(A) opB(B), one independent product per batch, and what follows it at once: a bias, a residual sum, GELU
 * (`e` is its result, C what it was applied to), the derivative of GELU at `r`, sums over the rows of opB(B) in `e`.
 */
export const matmulKernel: Kernel<"a" | "b" | "bias" | "r" | "c" | "e", MatmulConsts> = {
  name: "matmul",
  writes: ["c", "e"],
  grid: gridOf,
  flops: ({ BATCH, M, N, K }) => 2 * BATCH * M * N * K,
  variants: matmulVariants,
  // A product of a row or two with a matrix is another task than one of two large matrices.
  tuningClass: ({ TA, TB, M }) => `${TA ? "T" : "N"}${TB ? "T" : "N"}${M < 16 ? " few rows" : ""}`,
  reference({ a, b, bias, r, c, e }, consts) {
    const { BATCH, M, N, K, TA, TB, BIAS, RESIDUAL, GELU, GELU_BACKWARD, ACCUMULATE } = consts;
    const [am, ak] = TA ? [1, M] : [K, 1];
    const [bk, bn] = TB ? [1, K] : [N, 1];
    for (let z = 0; z < BATCH; z++) {
      for (let m = 0; m < M; m++) {
        for (let n = 0; n < N; n++) {
          let sum = 0;
          for (let k = 0; k < K; k++) {
            sum += a[z * M * K + m * am + k * ak]! * b[z * K * N + k * bk + n * bn]!;
          }
          const at = (z * M + m) * N + n;
          if (BIAS) sum += bias[n]!;
          if (RESIDUAL) sum += r[at]!;
          if (GELU_BACKWARD) sum *= geluSlopeAt(r[at]!);
          c[at] = ACCUMULATE ? c[at]! + sum : sum;
          if (GELU) e[at] = geluAt(c[at]);
        }
      }
    }
    for (let n = 0; n < N && consts.SUMS; n++) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += b[k * bk + n * bn]!;
      e[n] = consts.ACCUMULATE_SUMS ? e[n]! + sum : sum;
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

/** What a product does with its sums before they are stored. */
interface Epilogue {
  /** (N), added to every row */
  readonly bias?: Tensor | undefined;
  /** (M,N), added */
  readonly residual?: Tensor | undefined;
  /** (M,N), written: gelu of the result */
  readonly gelu?: Tensor;
  /** (M,N): the sums are multiplied by gelu' of it */
  readonly geluBackward?: Tensor;
  /** (N): sums over the rows of opB(B) */
  readonly sums?: Target | undefined;
}

/** Writes opA(A) opB(B) into a target; no derivative is recorded. */
export function product(
  tape: Tape,
  [a, b, out]: readonly [Tensor, Tensor, Target],
  shape: Product,
  { bias, residual, gelu, geluBackward, sums }: Epilogue = {},
): void {
  const { M, N, K, TA = false, TB = false, BATCH = 1 } = shape;
  check(
    size(a.shape) === BATCH * M * K && size(b.shape) === BATCH * K * N,
    `matmul: ${describe(a)} and ${describe(b)} do not make ${String(BATCH)} products of ${String(M)}x${String(K)} by ${String(K)}x${String(N)}`,
  );
  tape.call(
    matmulKernel,
    {
      a,
      b,
      // any f32 tensor where there is none: the shader has no halves for it
      bias: bias ?? (b.dtype === "f32" ? b : tape.scratch("no bias", [1])),
      r: residual ?? geluBackward ?? b,
      c: out.tensor,
      e: gelu ?? sums?.tensor ?? tape.scratch("unused", [1]),
    },
    {
      ...{ BATCH, M, N, K, TA, TB },
      BIAS: bias !== undefined,
      RESIDUAL: residual !== undefined,
      GELU: gelu !== undefined,
      GELU_BACKWARD: geluBackward !== undefined,
      ACCUMULATE: out.ACCUMULATE,
      SUMS: sums !== undefined,
      ACCUMULATE_SUMS: sums?.ACCUMULATE ?? false,
    },
  );
}

/**
 * C = opA(A) opB(B), logical sizes M x K x N, optionally with a leading batch axis.
 * @throws RangeError when the operands do not have those sizes.
 */
export function matmul(tape: Tape, a: Tensor, b: Tensor, shape: Product): Tensor {
  const { M, N, K, TA = false, TB = false, BATCH = 1 } = shape;
  const c = tape.result("matmul", BATCH === 1 ? [M, N] : [BATCH, M, N], a, b);
  product(tape, [a, b, { tensor: c, ACCUMULATE: false }], shape);
  tape.onBackward(c, () => {
    const dc = tape.gradientOf(c);
    const da = tape.into(a);
    if (da !== undefined) {
      if (TA) product(tape, [b, dc, da], { BATCH, M: K, N: M, K: N, TA: TB, TB: true });
      else product(tape, [dc, b, da], { BATCH, M, N: K, K: N, TB: !TB });
    }
    const db = tape.into(b);
    if (db !== undefined) {
      if (TB) product(tape, [dc, a, db], { BATCH, M: N, N: K, K: M, TA: true, TB: TA });
      else product(tape, [a, dc, db], { BATCH, M: K, N, K: M, TA: !TA });
    }
  });
  return c;
}

/** Derivatives of W and b in y = x W + b from `dy`, in one call where both are wanted. */
function parameterGradients(
  tape: Tape,
  [x, weight, bias]: readonly [Tensor, Tensor, Tensor | undefined],
  dy: Tensor,
): void {
  const [R = 0, K = 0] = x.shape;
  const [, N = 0] = dy.shape;
  const dw = tape.into(weight);
  const db = bias === undefined ? undefined : tape.into(bias);
  if (dw !== undefined) {
    product(tape, [x, dy, dw], { M: K, N, K: R, TA: true }, { sums: db });
  } else if (db !== undefined) columnSum(tape, dy, db);
}

function checkLinear(x: Tensor, weight: Tensor, bias: Tensor | undefined): void {
  const [, K = 0] = x.shape;
  const [rows = 0, N = 0] = weight.shape;
  check(
    rows === K && (bias === undefined || size(bias.shape) === N),
    `linear: the rows of W must equal the columns of x, got ${describe(x)} and ${describe(weight)}`,
  );
}

const present = (...tensors: (Tensor | undefined)[]): Tensor[] =>
  tensors.filter((tensor) => tensor !== undefined);

/**
 * y = x W + b + r, x (R,in), W (in,out), b (out) or absent, r (R,out) or absent: GPT-2's Conv1D convention.
 * @throws RangeError when the shapes do not match.
 */
export function linear(
  tape: Tape,
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  residual?: Tensor,
): Tensor {
  checkLinear(x, weight, bias);
  const [R = 0, K = 0] = x.shape;
  const [, N = 0] = weight.shape;
  check(
    residual === undefined || size(residual.shape) === R * N,
    `linear: the residual must have the shape of the result, got ${describe(x)}, ${describe(weight)}`,
  );
  const parents = present(x, weight, bias, residual);
  const y =
    residual === undefined
      ? tape.activation("linear", [R, N], ...parents)
      : tape.result("linear", [R, N], ...parents);
  product(tape, [x, weight, { tensor: y, ACCUMULATE: false }], { M: R, N, K }, { bias, residual });
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    parameterGradients(tape, [x, weight, bias], dy);
    const dx = tape.into(x);
    if (dx !== undefined) product(tape, [dy, weight, dx], { M: R, N: K, K: N, TB: true });
    if (residual !== undefined) passOn(tape, residual, y);
  });
  return y;
}

/** Weights of a feed-forward part; GPT-2 calls them c_fc and c_proj. */
export interface FeedForward {
  /** (C,F) */
  readonly up: Tensor;
  /** (F) */
  readonly upBias: Tensor | undefined;
  /** (F,C) */
  readonly down: Tensor;
  /** (C) */
  readonly downBias: Tensor | undefined;
}

/**
 * y = r + gelu(x W1 + b1) W2 + b2 with the tanh approximation, x (R,C), r (R,C) or absent: two calls forward, four backward.
 * @throws RangeError when the shapes do not match.
 */
export function feedForward(tape: Tape, x: Tensor, w: FeedForward, residual?: Tensor): Tensor {
  const { up, upBias, down, downBias } = w;
  checkLinear(x, up, upBias);
  const [R = 0, C = 0] = x.shape;
  const [, F = 0] = up.shape;
  check(
    size(down.shape) === F * C && (residual === undefined || size(residual.shape) === R * C),
    `feedForward: expected W1[C,F], W2[F,C] and r as x, got ${describe(up)} and ${describe(down)} for ${describe(x)}`,
  );
  const inner = tape.activation("inner", [R, F], ...present(x, up, upBias));
  const active = tape.activation("gelu", [R, F], ...present(x, up, upBias));
  product(
    tape,
    [x, up, { tensor: inner, ACCUMULATE: false }],
    { M: R, N: F, K: C },
    { bias: upBias, gelu: active },
  );
  const y = tape.result("feed-forward", [R, C], ...present(active, down, downBias, residual));
  product(
    tape,
    [active, down, { tensor: y, ACCUMULATE: false }],
    { M: R, N: C, K: F },
    { bias: downBias, residual },
  );
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    parameterGradients(tape, [active, down, downBias], dy);
    if (tape.wants(inner)) {
      const dinner = tape.scratch("dinner", [R, F]);
      const into = { tensor: dinner, ACCUMULATE: false };
      product(tape, [dy, down, into], { M: R, N: F, K: C, TB: true }, { geluBackward: inner });
      parameterGradients(tape, [x, up, upBias], dinner);
      const dx = tape.into(x);
      if (dx !== undefined) product(tape, [dinner, up, dx], { M: R, N: C, K: F, TB: true });
    }
    if (residual !== undefined) passOn(tape, residual, y);
  });
  return y;
}
