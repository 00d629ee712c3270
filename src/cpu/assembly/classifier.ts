// Softmax slices of logits that are never stored whole: a tile of them at a time, made by the matrix product.
import { exp, largest, total } from "./lanes";
import { matmul_scratch, one } from "./matmul";
import { allowed } from "./softmax";

const LOWEST: f32 = -1e30;
// Rows of a tile: with 128 columns 128 KiB, which stay in the second-level cache; packing W costs 1/256 of the product.
const ROWS: i32 = 256;

/** Bytes of scratch: that of the product, the tile, and what its last vector may read beyond. */
export function classifier_scratch(SLICE: i32): i32 {
  return matmul_scratch() + ROWS * SLICE * 4 + 16;
}

/** (m, s, p) of the columns v .. v + n - 1 of a row, whose logits are at `z`. */
function reduce(z: usize, out: usize, V: i32, v: i32, n: i32, scale: v128, BANNED: i32): void {
  const none = f32x4.splat(LOWEST);
  let most = none;
  for (let j = 0; j < n; j += 4) {
    const x = f32x4.mul(v128.load(z + ((<usize>j) << 2)), scale);
    most = f32x4.pmax(most, v128.bitselect(x, none, allowed(V, v + j, BANNED)));
  }
  const m = largest(most);
  const top = f32x4.splat(m);
  let sum = f32x4.splat(0);
  let product = sum;
  for (let j = 0; j < n; j += 4) {
    const mask = allowed(V, v + j, BANNED);
    const x = f32x4.mul(v128.load(z + ((<usize>j) << 2)), scale);
    const shifted = v128.and(f32x4.sub(x, top), mask);
    const e = v128.and(exp(shifted), mask);
    sum = f32x4.add(sum, e);
    product = f32x4.add(product, f32x4.mul(e, shifted));
  }
  store<f32>(out, m);
  store<f32>(out, total(sum), 4);
  store<f32>(out, total(product), 8);
}

/** The kernel of src/kernels/classifier-parts.ts; `scratch` has classifier_scratch(SLICE) bytes. */
export function classifier_parts(
  h: usize,
  w: usize,
  targets: usize,
  knobs: usize,
  parts: usize,
  hits: usize,
  R: i32,
  C: i32,
  V: i32,
  SLICE: i32,
  PARTS: i32,
  TEMPERED: bool,
  TEMPERATURE: i32,
  BANNED: i32,
  scratch: usize,
): void {
  const scale = f32x4.splat(TEMPERED ? 1 / load<f32>(knobs + ((<usize>TEMPERATURE) << 2)) : 1);
  const tile = scratch + <usize>matmul_scratch();
  const width = (<usize>C) << 2;
  for (let first = 0; first < R; first += ROWS) {
    const rows = min(ROWS, R - first);
    const from = h + <usize>first * width;
    for (let p = 0; p < PARTS; p++) {
      const v = p * SLICE;
      const n = min(SLICE, V - v);
      one(from, w + <usize>v * width, tile, rows, n, C, false, true, 0, 0, 0, 0, false, scratch);
      for (let i = 0; i < rows; i++) {
        const r = first + i;
        const z = tile + ((<usize>(i * n)) << 2);
        reduce(z, parts + <usize>(12 * (r * PARTS + p)), V, v, n, scale, BANNED);
        const target = min(V - 1, max(0, load<i32>(targets + ((<usize>r) << 2)))) - v;
        if (target < 0 || target >= n) continue;
        store<f32>(hits + ((<usize>r) << 2), load<f32>(z + ((<usize>target) << 2)));
      }
    }
  }
}
