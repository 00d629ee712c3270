// Kernels that go over rows: layer normalisation, sums over rows and the global norm.
import { give, lanes, put, total } from "./lanes";

export function layernorm(
  x: usize,
  w: usize,
  b: usize,
  y: usize,
  stats: usize,
  R: i32,
  C: i32,
  EPS: f32,
): void {
  const width = (<usize>C) << 2;
  const share: f32 = 1 / <f32>C;
  for (let r = 0; r < R; r++, x += width, y += width, stats += 8) {
    let sum = f32x4.splat(0);
    for (let c = 0; c < C; c += 4) {
      sum = f32x4.add(sum, v128.and(v128.load(x + ((<usize>c) << 2)), lanes(C - c)));
    }
    const mean = total(sum) * share;
    const center = f32x4.splat(mean);
    sum = f32x4.splat(0);
    for (let c = 0; c < C; c += 4) {
      const d = v128.and(f32x4.sub(v128.load(x + ((<usize>c) << 2)), center), lanes(C - c));
      sum = f32x4.add(sum, f32x4.mul(d, d));
    }
    const inverse: f32 = 1 / sqrt<f32>(total(sum) * share + EPS);
    const scale = f32x4.splat(inverse);
    for (let c = 0; c < C; c += 4) {
      const at = (<usize>c) << 2;
      const n = f32x4.mul(f32x4.sub(v128.load(x + at), center), scale);
      put(y + at, f32x4.add(f32x4.mul(n, v128.load(w + at)), v128.load(b + at)), C - c);
    }
    store<f32>(stats, mean);
    store<f32>(stats, inverse, 4);
  }
}

export function layernorm_backward(
  x: usize,
  w: usize,
  stats: usize,
  dy: usize,
  dx: usize,
  R: i32,
  C: i32,
  ACCUMULATE: bool,
): void {
  const width = (<usize>C) << 2;
  const share: f32 = 1 / <f32>C;
  for (let r = 0; r < R; r++, x += width, dy += width, dx += width, stats += 8) {
    const center = v128.load_splat<f32>(stats);
    const scale = v128.load_splat<f32>(stats, 4);
    let sum = f32x4.splat(0);
    let product = sum;
    for (let c = 0; c < C; c += 4) {
      const at = (<usize>c) << 2;
      const mask = lanes(C - c);
      const g = v128.and(f32x4.mul(v128.load(dy + at), v128.load(w + at)), mask);
      const n = v128.and(f32x4.mul(f32x4.sub(v128.load(x + at), center), scale), mask);
      sum = f32x4.add(sum, g);
      product = f32x4.add(product, f32x4.mul(g, n));
    }
    const meanSum = f32x4.splat(total(sum) * share);
    const meanProduct = f32x4.splat(total(product) * share);
    for (let c = 0; c < C; c += 4) {
      const at = (<usize>c) << 2;
      const g = f32x4.mul(v128.load(dy + at), v128.load(w + at));
      const n = f32x4.mul(f32x4.sub(v128.load(x + at), center), scale);
      const d = f32x4.sub(f32x4.sub(g, meanSum), f32x4.mul(n, meanProduct));
      give(dx + at, f32x4.mul(d, scale), C - c, ACCUMULATE);
    }
  }
}

export function layernorm_backward_blocks(
  x: usize,
  stats: usize,
  dy: usize,
  partial: usize,
  R: i32,
  C: i32,
  ROWS: i32,
  BLOCKS: i32,
): void {
  const width = (<usize>C) << 2;
  for (let block = 0; block < BLOCKS; block++, partial += 2 * width) {
    const first = block * ROWS;
    const end = min(R, first + ROWS);
    for (let c = 0; c < C; c += 4) {
      const at = (<usize>c) << 2;
      let gain = f32x4.splat(0);
      let bias = gain;
      for (let r = first; r < end; r++) {
        const row = <usize>r * width + at;
        const stat = stats + ((<usize>r) << 3);
        const d = v128.load(dy + row);
        const center = v128.load_splat<f32>(stat);
        const n = f32x4.mul(f32x4.sub(v128.load(x + row), center), v128.load_splat<f32>(stat, 4));
        gain = f32x4.add(gain, f32x4.mul(d, n));
        bias = f32x4.add(bias, d);
      }
      put(partial + at, gain, C - c);
      put(partial + width + at, bias, C - c);
    }
  }
}

/** Sums rows first .. end of x (..,C) into `out`. */
function sumRows(x: usize, out: usize, first: i32, end: i32, C: i32, add: bool): void {
  const width = (<usize>C) << 2;
  for (let c = 0; c < C; c += 4) {
    const at = (<usize>c) << 2;
    let sum = f32x4.splat(0);
    let from = x + <usize>first * width + at;
    for (let r = first; r < end; r++, from += width) sum = f32x4.add(sum, v128.load(from));
    give(out + at, sum, C - c, add);
  }
}

export function column_sum_blocks(
  x: usize,
  partial: usize,
  R: i32,
  C: i32,
  ROWS: i32,
  BLOCKS: i32,
): void {
  for (let block = 0; block < BLOCKS; block++) {
    const out = partial + ((<usize>(block * C)) << 2);
    sumRows(x, out, block * ROWS, min(R, (block + 1) * ROWS), C, false);
  }
}

export function column_sum(x: usize, out: usize, R: i32, C: i32, ACCUMULATE: bool): void {
  sumRows(x, out, 0, R, C, ACCUMULATE);
}

/** BLOCKS is a multiple of four: every fourth group of lanes is a group of neighbouring sums. */
export function global_norm_blocks(g: usize, partial: usize, N: i32, BLOCKS: i32): void {
  const exponent = i32x4.splat(0x7f800000);
  for (let block = 0; block < BLOCKS; block += 4) {
    let sum = f32x4.splat(0);
    let bad = i32x4.splat(0);
    for (let n = block; n < N; n += BLOCKS) {
      const x = v128.and(v128.load(g + ((<usize>n) << 2)), lanes(N - n));
      sum = f32x4.add(sum, f32x4.mul(x, x));
      bad = i32x4.sub(bad, i32x4.eq(v128.and(x, exponent), exponent));
    }
    const counts = f32x4.convert_i32x4_s(bad);
    const to = partial + ((<usize>block) << 3);
    v128.store(to, v128.shuffle<f32>(sum, counts, 0, 4, 1, 5));
    v128.store(to, v128.shuffle<f32>(sum, counts, 2, 6, 3, 7), 16);
  }
}
