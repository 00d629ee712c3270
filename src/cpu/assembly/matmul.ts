// C = opA(A) opB(B) in 4x8 register tiles over packed panels (Goto & van de Geijn 2008).
import { gelu, gelu_backward, residual } from "./elementwise";
import { madd } from "./lanes";
import { column_sum } from "./rows";

// Columns of k and of n per packed block of B: 512 KiB, which stays in the second-level cache.
const KC: i32 = 256;
const NC: i32 = 512;

/** Bytes of scratch: the block of B, four packed rows of A and one tile. */
export function matmul_scratch(): i32 {
  return (KC * NC + KC * 4 + 32) * 4;
}

/** Four rows of kc elements, `along` bytes apart, to kc groups of four, 32 bytes apart. */
function packTransposed(from: usize, along: usize, kc: i32, to: usize): void {
  let k = 0;
  for (; k + 4 <= kc; k += 4, from += 16, to += 128) {
    transpose4(from, along, to, 32);
  }
  for (; k < kc; k++, from += 4, to += 32) {
    for (let j = 0; j < 4; j++) {
      store<f32>(to + ((<usize>j) << 2), load<f32>(from + <usize>j * along));
    }
  }
}

/** A 4x4 block: rows `along` bytes apart become columns, written `step` bytes apart. */
function transpose4(from: usize, along: usize, to: usize, step: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + along);
  const r2 = v128.load(from + 2 * along);
  const r3 = v128.load(from + 3 * along);
  const s0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const s1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const s2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const s3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(s0, s1, 0, 1, 4, 5));
  v128.store(to + step, v128.shuffle<f32>(s0, s1, 2, 3, 6, 7));
  v128.store(to + 2 * step, v128.shuffle<f32>(s2, s3, 0, 1, 4, 5));
  v128.store(to + 3 * step, v128.shuffle<f32>(s2, s3, 2, 3, 6, 7));
}

/** Packs kc x nc elements of opB(B) into panels of eight columns, the last padded with zeros. */
function packB(b: usize, step: usize, along: usize, kc: i32, nc: i32, out: usize): void {
  for (let n = 0; n < nc; n += 8) {
    if (along == 4 && n + 8 <= nc) {
      let from = b + ((<usize>n) << 2);
      for (let k = 0; k < kc; k++) {
        v128.store(out, v128.load(from));
        v128.store(out, v128.load(from, 16), 16);
        from += step;
        out += 32;
      }
      continue;
    }
    if (step == 4 && n + 8 <= nc) {
      packTransposed(b + <usize>n * along, along, kc, out);
      packTransposed(b + <usize>(n + 4) * along, along, kc, out + 16);
      out += (<usize>kc) << 5;
      continue;
    }
    for (let j = 0; j < 8; j++) {
      let to = out + ((<usize>j) << 2);
      let from = b + <usize>(n + j) * along;
      const inside = n + j < nc;
      for (let k = 0; k < kc; k++) {
        store<f32>(to, inside ? load<f32>(from) : 0);
        from += step;
        to += 32;
      }
    }
    out += (<usize>kc) << 5;
  }
}

/** Packs `rows` <= 4 rows of opA(A) as kc groups of four, the missing rows as zeros. */
function packA(a: usize, step: usize, along: usize, kc: i32, rows: i32, out: usize): void {
  let k = 0;
  if (rows == 4 && along == 4) {
    for (; k < kc; k++) v128.store(out + ((<usize>k) << 4), v128.load(a + <usize>k * step));
    return;
  }
  if (rows == 4 && step == 4) {
    for (; k + 4 <= kc; k += 4) {
      transpose4(a + ((<usize>k) << 2), along, out + ((<usize>k) << 4), 16);
    }
  }
  for (; k < kc; k++) {
    for (let i = 0; i < 4; i++) {
      const value = i < rows ? load<f32>(a + <usize>k * step + <usize>i * along) : 0;
      store<f32>(out + ((<usize>(k * 4 + i)) << 2), value);
    }
  }
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

/** What follows the sums of a few rows, while they are in the first cache; 0: nothing there. */
function follow(c: usize, sum: usize, slope: usize, out: usize, columns: i32): void {
  if (sum != 0) residual(c, sum, c, columns);
  if (slope != 0) gelu_backward(slope, c, c, columns, false);
  if (out != 0) gelu(c, out, columns);
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
      for (let m = 0; m < M; m += 4) {
        const rows = min(4, M - m);
        packA(a + <usize>m * am + <usize>k0 * ak, ak, am, kc, rows, packedA);
        const first = (<usize>(m * N + n0)) << 2;
        let to = c + first;
        let panel = scratch;
        let start = bias != 0 && k0 == 0 ? bias + ((<usize>n0) << 2) : 0;
        for (let n = 0; n < nc; n += 8) {
          const columns = min(8, nc - n);
          if (rows == 4 && columns == 8) tile(packedA, panel, kc, to, stride, start, more);
          else {
            tile(packedA, panel, kc, spare, 32, 0, false);
            edge(spare, to, stride, rows, columns, start, more);
          }
          to += 32;
          panel += (<usize>kc) << 5;
          if (start != 0) start += 32;
        }
        if (k0 + kc < K || (sum | slope | out) == 0) continue;
        for (let i = 0; i < rows; i++) {
          const at = first + <usize>i * stride;
          follow(
            c + at,
            sum == 0 ? 0 : sum + at,
            slope == 0 ? 0 : slope + at,
            out == 0 ? 0 : out + at,
            nc,
          );
        }
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
