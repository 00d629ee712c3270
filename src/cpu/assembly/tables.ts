// Rows of tables and heads of one number: embeddings and the scalar head.
import { give, lanes, put, total } from "./lanes";

export function embedding(
  ids: usize,
  pos: usize,
  wte: usize,
  wpe: usize,
  x: usize,
  R: i32,
  C: i32,
  POSITIONS: bool,
): void {
  const width = (<usize>C) << 2;
  for (let r = 0; r < R; r++, x += width) {
    const token = wte + <usize>load<u32>(ids + ((<usize>r) << 2)) * width;
    const place = POSITIONS ? wpe + <usize>load<u32>(pos + ((<usize>r) << 2)) * width : token;
    for (let c = 0; c < C; c += 4) {
      const at = (<usize>c) << 2;
      const value = v128.load(token + at);
      put(x + at, POSITIONS ? f32x4.add(value, v128.load(place + at)) : value, C - c);
    }
  }
}

export function embedding_backward(
  ids: usize,
  dx: usize,
  dw: usize,
  R: i32,
  C: i32,
  V: i32,
  ACCUMULATE: bool,
): void {
  const width = (<usize>C) << 2;
  if (!ACCUMULATE) memory.fill(dw, 0, <usize>V * width);
  for (let r = 0; r < R; r++, dx += width) {
    const id = load<u32>(ids + ((<usize>r) << 2));
    if (id >= <u32>V) continue;
    const to = dw + <usize>id * width;
    for (let c = 0; c < C; c += 4) {
      const at = (<usize>c) << 2;
      give(to + at, v128.load(dx + at), C - c, true);
    }
  }
}

export function scalar_head(h: usize, w: usize, b: usize, u: usize, R: i32, C: i32): void {
  for (let r = 0; r < R; r++, h += (<usize>C) << 2, u += 4) {
    let sum = f32x4.splat(0);
    for (let c = 0; c < C; c += 4) {
      const at = (<usize>c) << 2;
      const product = f32x4.mul(v128.load(h + at), v128.load(w + at));
      sum = f32x4.add(sum, v128.and(product, lanes(C - c)));
    }
    store<f32>(u, load<f32>(b) + total(sum));
  }
}

export function scalar_head_backward(
  du: usize,
  w: usize,
  dh: usize,
  R: i32,
  C: i32,
  ACCUMULATE: bool,
): void {
  for (let r = 0; r < R; r++, du += 4, dh += (<usize>C) << 2) {
    const upstream = v128.load_splat<f32>(du);
    for (let c = 0; c < C; c += 4) {
      const at = (<usize>c) << 2;
      give(dh + at, f32x4.mul(upstream, v128.load(w + at)), C - c, ACCUMULATE);
    }
  }
}

export function scalar_head_backward_blocks(
  h: usize,
  du: usize,
  partial: usize,
  R: i32,
  C: i32,
  ROWS: i32,
  BLOCKS: i32,
): void {
  const width = (<usize>C) << 2;
  for (let block = 0; block < BLOCKS; block++, partial += width + 4) {
    const first = block * ROWS;
    const end = min(R, first + ROWS);
    for (let c = 0; c < C; c += 4) {
      const at = (<usize>c) << 2;
      let sum = f32x4.splat(0);
      for (let r = first; r < end; r++) {
        const upstream = v128.load_splat<f32>(du + ((<usize>r) << 2));
        sum = f32x4.add(sum, f32x4.mul(upstream, v128.load(h + <usize>r * width + at)));
      }
      put(partial + at, sum, C - c);
    }
    let bias: f32 = 0;
    for (let r = first; r < end; r++) bias += load<f32>(du + ((<usize>r) << 2));
    store<f32>(partial + width, bias);
  }
}
