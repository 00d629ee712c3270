// C = opA(A) opB(B) in 4x8 register tiles over packed panels, and what follows it.
import { gelu, gelu_backward, residual } from "./elementwise";
import { madd } from "./lanes";
import { packA, packB } from "./pack";
import { column_sum } from "./rows";

// Columns of k and of n per packed block of B: 512 KiB, which stays in the second-level cache.
const KC: i32 = 256;
const NC: i32 = 512;

/** Bytes of scratch: the block of B, four packed rows of A and one tile. */
export function matmul_scratch(): i32 {
  return (KC * NC + KC * 4 + 32) * 4;
}

/** Eight elements of a row of C: x and y on top of the bias, if any, and of what is there, if they are added. */
function put(to: usize, x: v128, y: v128, bias: usize, add: bool): void {
  if (bias != 0) {
    const first = v128.load(bias);
    const second = v128.load(bias, 16);
    x = f32x4.add(add ? f32x4.add(v128.load(to), first) : first, x);
    y = f32x4.add(add ? f32x4.add(v128.load(to, 16), second) : second, y);
  } else if (add) {
    x = f32x4.add(v128.load(to), x);
    y = f32x4.add(v128.load(to, 16), y);
  }
  v128.store(to, x);
  v128.store(to, y, 16);
}

/** One 4x8 tile: stored, or added to what is there; `bias` 0: none. `stride` is the row length of C in bytes. */
function tile(a: usize, b: usize, kc: i32, c: usize, stride: usize, bias: usize, add: bool): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  const end = a + ((<usize>kc) << 4);
  for (; a < end; a += 16, b += 32) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load_splat<f32>(a);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    const a1 = v128.load_splat<f32>(a, 4);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    const a2 = v128.load_splat<f32>(a, 8);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    const a3 = v128.load_splat<f32>(a, 12);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
  }
  put(c, c00, c01, bias, add);
  put(c + stride, c10, c11, bias, add);
  put(c + 2 * stride, c20, c21, bias, add);
  put(c + 3 * stride, c30, c31, bias, add);
}

/** Puts the part of a tile that lies inside C there, as `put` would. */
function edge(
  from: usize,
  c: usize,
  stride: usize,
  rows: i32,
  columns: i32,
  bias: usize,
  add: bool,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = (<usize>j) << 2;
      const to = c + <usize>i * stride + at;
      let start: f32 = add ? load<f32>(to) : 0;
      if (bias != 0) start += load<f32>(bias + at);
      store<f32>(to, start + load<f32>(from + ((<usize>(i * 8 + j)) << 2)));
    }
  }
}

/** At most four rows of C over a block of packed columns; `spare` holds a tile that C has no room for. */
function tiles(
  packedA: usize,
  panel: usize,
  kc: i32,
  c: usize,
  stride: usize,
  rows: i32,
  nc: i32,
  bias: usize,
  add: bool,
  spare: usize,
): void {
  for (let n = 0; n < nc; n += 8) {
    const columns = min(8, nc - n);
    if (rows == 4 && columns == 8) tile(packedA, panel, kc, c, stride, bias, add);
    else {
      tile(packedA, panel, kc, spare, 32, 0, false);
      edge(spare, c, stride, rows, columns, bias, add);
    }
    c += 32;
    panel += (<usize>kc) << 5;
    if (bias != 0) bias += 32;
  }
}

/** What follows the sums of a few rows, `at` bytes into C, while they are in the first cache; 0: nothing there. */
function follow(
  at: usize,
  stride: usize,
  rows: i32,
  columns: i32,
  c: usize,
  sum: usize,
  slope: usize,
  out: usize,
): void {
  for (let i = 0; i < rows; i++, at += stride) {
    if (sum != 0) residual(c + at, sum + at, c + at, columns);
    if (slope != 0) gelu_backward(slope + at, c + at, c + at, columns, false);
    if (out != 0) gelu(c + at, out + at, columns);
  }
}

/**
 * C = opA(A) opB(B), or added to what is there, and what follows: `bias` (N) and `sum` (M,N) are added, then C is
 * multiplied by the derivative of GELU at `slope` (M,N), then `out` (M,N) becomes GELU of C; 0: none of it.
 * `scratch` has matmul_scratch() bytes.
 */
export function one(
  a: usize,
  b: usize,
  c: usize,
  M: i32,
  N: i32,
  K: i32,
  TA: bool,
  TB: bool,
  bias: usize,
  sum: usize,
  slope: usize,
  out: usize,
  add: bool,
  scratch: usize,
): void {
  const am = (<usize>(TA ? 1 : K)) << 2;
  const ak = (<usize>(TA ? M : 1)) << 2;
  const bn = (<usize>(TB ? K : 1)) << 2;
  const bk = (<usize>(TB ? 1 : N)) << 2;
  const stride = (<usize>N) << 2;
  const packedA = scratch + ((<usize>(KC * NC)) << 2);
  const spare = packedA + ((<usize>KC) << 4);
  for (let n0 = 0; n0 < N; n0 += NC) {
    const nc = min(NC, N - n0);
    for (let k0 = 0; k0 < K; k0 += KC) {
      const kc = min(KC, K - k0);
      const more = add || k0 > 0;
      packB(b + <usize>k0 * bk + <usize>n0 * bn, bk, bn, kc, nc, scratch);
      const last = k0 + kc == K;
      for (let m = 0; m < M; m += 4) {
        const rows = min(4, M - m);
        packA(a + <usize>m * am + <usize>k0 * ak, ak, am, kc, rows, packedA);
        const at = (<usize>(m * N + n0)) << 2;
        const start = bias != 0 && k0 == 0 ? bias + ((<usize>n0) << 2) : 0;
        tiles(packedA, scratch, kc, c + at, stride, rows, nc, start, more, spare);
        if (last) follow(at, stride, rows, nc, c, sum, slope, out);
      }
    }
  }
}

/** The kernel of src/kernels/matmul.ts; `scratch` has matmul_scratch() bytes. */
export function matmul(
  a: usize,
  b: usize,
  bias: usize,
  r: usize,
  c: usize,
  e: usize,
  BATCH: i32,
  M: i32,
  N: i32,
  K: i32,
  TA: bool,
  TB: bool,
  BIAS: bool,
  RESIDUAL: bool,
  GELU: bool,
  GELU_BACKWARD: bool,
  ACCUMULATE: bool,
  SUMS: bool,
  ACCUMULATE_SUMS: bool,
  scratch: usize,
): void {
  if (SUMS) column_sum(b, e, K, N, ACCUMULATE_SUMS);
  const count = (<usize>(M * N)) << 2;
  for (let z = 0; z < BATCH; z++) {
    const start = BIAS ? bias : 0;
    const sum = RESIDUAL ? r : 0;
    const slope = GELU_BACKWARD ? r : 0;
    const out = GELU ? e : 0;
    one(a, b, c, M, N, K, TA, TB, start, sum, slope, out, ACCUMULATE, scratch);
    a += (<usize>(M * K)) << 2;
    b += (<usize>(K * N)) << 2;
    c += count;
    r += count;
    e += count;
  }
}
