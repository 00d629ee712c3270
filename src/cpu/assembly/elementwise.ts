// Kernels that go over their elements one by one: GELU, the residual sum, dropout and AdamW.
import { gate, give, put, slope } from "./lanes";
import { hash } from "./random";

export function gelu(x: usize, y: usize, N: i32): void {
  for (let left = N; left > 0; left -= 4, x += 16, y += 16) {
    const v = v128.load(x);
    put(y, f32x4.mul(v, gate(v)), left);
  }
}

export function gelu_backward(x: usize, dy: usize, dx: usize, N: i32, ACCUMULATE: bool): void {
  for (let left = N; left > 0; left -= 4, x += 16, dy += 16, dx += 16) {
    const v = v128.load(x);
    give(dx, f32x4.mul(slope(v, gate(v)), v128.load(dy)), left, ACCUMULATE);
  }
}

export function residual(x: usize, f: usize, y: usize, N: i32): void {
  for (let left = N; left > 0; left -= 4, x += 16, f += 16, y += 16) {
    put(y, f32x4.add(v128.load(x), v128.load(f)), left);
  }
}

export function residual_backward(dy: usize, dx: usize, N: i32, ACCUMULATE: bool): void {
  for (let left = N; left > 0; left -= 4, dy += 16, dx += 16) {
    give(dx, v128.load(dy), left, ACCUMULATE);
  }
}

export function dropout_drawn(
  x: usize,
  r: usize,
  state: usize,
  y: usize,
  N: i32,
  SITE: u32,
  DROPPED: u32,
  SCALE: f32,
  RESIDUAL: bool,
  ACCUMULATE: bool,
): void {
  const update = hash(load<u32>(state, 4) ^ hash(load<u32>(state)));
  const key = hash(SITE ^ hash(load<u32>(state, 8) ^ update));
  for (let i = 0; i < N; i++, x += 4, r += 4, y += 4) {
    let v: f32 = hash(i ^ key) >> 8 >= DROPPED ? load<f32>(x) * SCALE : 0;
    if (RESIDUAL) v += load<f32>(r);
    if (ACCUMULATE) v += load<f32>(y);
    store<f32>(y, v);
  }
}

function moments(
  values: usize,
  grads: usize,
  m: usize,
  v: usize,
  state: usize,
  knobs: usize,
  N: i32,
  decay: f32,
): void {
  const coefficient = v128.load_splat<f32>(state, 4);
  const rate = v128.load_splat<f32>(knobs);
  const beta1 = v128.load_splat<f32>(knobs, 4);
  const beta2 = v128.load_splat<f32>(knobs, 8);
  const eps = v128.load_splat<f32>(knobs, 12);
  const correction1 = v128.load_splat<f32>(knobs, 20);
  const correction2 = v128.load_splat<f32>(knobs, 24);
  const complement1 = v128.load_splat<f32>(knobs, 32);
  const complement2 = v128.load_splat<f32>(knobs, 36);
  const shrink = f32x4.splat(decay);
  for (let left = N; left > 0; left -= 4, values += 16, grads += 16, m += 16, v += 16) {
    const g = f32x4.mul(v128.load(grads), coefficient);
    const first = f32x4.add(f32x4.mul(beta1, v128.load(m)), f32x4.mul(complement1, g));
    const square = f32x4.mul(complement2, f32x4.mul(g, g));
    const second = f32x4.add(f32x4.mul(beta2, v128.load(v)), square);
    put(m, first, left);
    put(v, second, left);
    const root = f32x4.add(f32x4.sqrt(f32x4.div(second, correction2)), eps);
    const step = f32x4.div(f32x4.mul(rate, f32x4.div(first, correction1)), root);
    const value = v128.load(values);
    put(values, f32x4.sub(f32x4.sub(value, f32x4.mul(shrink, value)), step), left);
  }
}

export function adamw(
  values: usize,
  grads: usize,
  m: usize,
  v: usize,
  state: usize,
  knobs: usize,
  N: i32,
  DECAY_END: i32,
): void {
  if (load<f32>(state, 8) == 0) return;
  const decay = load<f32>(knobs) * load<f32>(knobs, 16);
  moments(values, grads, m, v, state, knobs, DECAY_END, decay);
  const at = (<usize>DECAY_END) << 2;
  moments(values + at, grads + at, m + at, v + at, state, knobs, N - DECAY_END, 0);
}
