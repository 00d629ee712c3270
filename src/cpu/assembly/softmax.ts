// Kernels over logits: slices of the softmax, and the derivatives of cross-entropy and log-probabilities.
import { exp, give, lanes } from "./lanes";

const LOWEST: f32 = -1e30;

/** Lanes of the columns v .. v+3 that exist and are not banned. */
export function allowed(V: i32, v: i32, BANNED: i32): v128 {
  if (v >= 32 || BANNED == 0) return lanes(V - v);
  const bits = v128.and(i32x4.splat(<i32>((<u32>BANNED) >> v)), i32x4(1, 2, 4, 8));
  return v128.and(lanes(V - v), i32x4.eq(bits, i32x4.splat(0)));
}

/** Slices p .. p+3 of a row, whose columns are p, p + 8, p + 16 and so on. */
function fourSlices(logits: usize, out: usize, V: i32, p: i32, scale: v128, BANNED: i32): void {
  const none = f32x4.splat(LOWEST);
  let top = none;
  for (let v = p; v < V; v += 8) {
    const z = f32x4.mul(v128.load(logits + ((<usize>v) << 2)), scale);
    top = f32x4.pmax(top, v128.bitselect(z, none, allowed(V, v, BANNED)));
  }
  let sum = f32x4.splat(0);
  let product = sum;
  for (let v = p; v < V; v += 8) {
    const z = f32x4.mul(v128.load(logits + ((<usize>v) << 2)), scale);
    const mask = allowed(V, v, BANNED);
    const shifted = v128.and(f32x4.sub(z, top), mask);
    const e = v128.and(exp(shifted), mask);
    sum = f32x4.add(sum, e);
    product = f32x4.add(product, f32x4.mul(e, shifted));
  }
  // (m, s, p) of four slices, interleaved
  const pairs = v128.shuffle<f32>(top, sum, 0, 4, 1, 5);
  const last = v128.shuffle<f32>(top, sum, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f32>(pairs, product, 0, 1, 4, 2));
  const middle = v128.shuffle<f32>(pairs, product, 3, 5, 3, 5);
  v128.store(out, v128.shuffle<f32>(middle, last, 0, 1, 4, 5), 16);
  const end = v128.shuffle<f32>(last, product, 2, 3, 6, 7);
  v128.store(out, v128.shuffle<f32>(end, end, 2, 0, 1, 3), 32);
}

/** Only for PARTS = 8. */
export function softmax_parts(
  logits: usize,
  knobs: usize,
  parts: usize,
  R: i32,
  V: i32,
  TEMPERED: bool,
  TEMPERATURE: i32,
  BANNED: i32,
): void {
  const scale = f32x4.splat(TEMPERED ? 1 / load<f32>(knobs + ((<usize>TEMPERATURE) << 2)) : 1);
  for (let r = 0; r < R; r++, logits += (<usize>V) << 2, parts += 96) {
    fourSlices(logits, parts, V, 0, scale, BANNED);
    fourSlices(logits, parts + 48, V, 4, scale, BANNED);
  }
}

export function cross_entropy_backward(
  logits: usize,
  targets: usize,
  mask: usize,
  normaliser: usize,
  sums: usize,
  knobs: usize,
  dlogits: usize,
  R: i32,
  V: i32,
  WEIGHTED: bool,
  WEIGHT: i32,
  ACCUMULATE: bool,
): void {
  const weight: f32 = WEIGHTED ? load<f32>(knobs + ((<usize>WEIGHT) << 2)) : 1;
  const count = max<f32>(1, load<f32>(sums, 4));
  const width = (<usize>V) << 2;
  for (let r = 0; r < R; r++, logits += width, dlogits += width, normaliser += 8) {
    const factor = (weight * load<f32>(mask + ((<usize>r) << 2))) / count;
    const scale = f32x4.splat(factor);
    const top = v128.load_splat<f32>(normaliser);
    const logSum = v128.load_splat<f32>(normaliser, 4);
    for (let v = 0; v < V; v += 4) {
      const at = (<usize>v) << 2;
      const z = f32x4.sub(f32x4.sub(v128.load(logits + at), top), logSum);
      give(dlogits + at, f32x4.mul(scale, exp(z)), V - v, ACCUMULATE);
    }
    const target = load<i32>(targets + ((<usize>r) << 2));
    if (target < 0 || target >= V) continue;
    const at = dlogits + ((<usize>target) << 2);
    store<f32>(at, load<f32>(at) - factor);
  }
}

export function logprobs_backward(
  logits: usize,
  targets: usize,
  knobs: usize,
  entropy: usize,
  normaliser: usize,
  dlogp: usize,
  dentropy: usize,
  dlogits: usize,
  R: i32,
  V: i32,
  TEMPERED: bool,
  TEMPERATURE: i32,
  BANNED: i32,
  HAS_DLOGP: bool,
  HAS_DENTROPY: bool,
  ACCUMULATE: bool,
): void {
  const factor: f32 = TEMPERED ? 1 / load<f32>(knobs + ((<usize>TEMPERATURE) << 2)) : 1;
  const scale = f32x4.splat(factor);
  const width = (<usize>V) << 2;
  for (let r = 0; r < R; r++, logits += width, dlogits += width, normaliser += 8) {
    const row = (<usize>r) << 2;
    const upstream: f32 = HAS_DLOGP ? factor * load<f32>(dlogp + row) : 0;
    const a = f32x4.splat(upstream);
    const e = f32x4.splat(HAS_DENTROPY ? factor * load<f32>(dentropy + row) : 0);
    const H = v128.load_splat<f32>(entropy + row);
    const top = v128.load_splat<f32>(normaliser);
    const logSum = v128.load_splat<f32>(normaliser, 4);
    for (let v = 0; v < V; v += 4) {
      const at = (<usize>v) << 2;
      const z = f32x4.sub(f32x4.sub(f32x4.mul(v128.load(logits + at), scale), top), logSum);
      const p = v128.and(exp(z), allowed(V, v, BANNED));
      const inner = f32x4.add(a, f32x4.mul(e, f32x4.add(z, H)));
      give(dlogits + at, f32x4.neg(f32x4.mul(p, inner)), V - v, ACCUMULATE);
    }
    const target = min(V - 1, max(0, load<i32>(targets + row)));
    if (target < 32 && (((<u32>BANNED) >> target) & 1) == 1) continue;
    const at = dlogits + ((<usize>target) << 2);
    store<f32>(at, load<f32>(at) + upstream);
  }
}
