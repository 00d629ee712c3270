// Causal attention: keys (or queries) are transposed once per head, so that scores are computed four at a time.
import { exp, give, lanes, largest, log, madd, put, total } from "./lanes";

const LOWEST: f32 = -1e30;

/** Columns of a transposed head: T rounded up to eight. */
export function padded(T: i32): i32 {
  return (T + 7) & ~7;
}

/**
 * Elements from one row of a transposed head to its next: eight more than it holds, because rows of 4,096 bytes
 * (T = 1,024) would all fall into one set of a CPU's first cache.
 */
function pitch(T: i32): i32 {
  return padded(T) + 8;
}

/** out[c][t] = from[t][c], with zeros behind column T. */
function transpose(from: usize, stride: usize, T: i32, D: i32, out: usize): void {
  const Tp = pitch(T);
  for (let c = 0; c < D; c++) {
    let at = from + ((<usize>c) << 2);
    for (let t = 0; t < T; t++, at += stride, out += 4) store<f32>(out, load<f32>(at));
    for (let t = T; t < Tp; t++, out += 4) store<f32>(out, 0);
  }
}

/** out[t] = x · columns[.][t] for t = first .. end, in groups of eight. */
function products(
  x: usize,
  columns: usize,
  first: i32,
  end: i32,
  T: i32,
  D: i32,
  out: usize,
): void {
  const step = (<usize>pitch(T)) << 2;
  for (let t = first & ~7; t < end; t += 8) {
    let y0 = f32x4.splat(0);
    let y1 = y0;
    let at = columns + ((<usize>t) << 2);
    for (let c = 0; c < D; c++, at += step) {
      const factor = v128.load_splat<f32>(x + ((<usize>c) << 2));
      y0 = madd(factor, v128.load(at), y0);
      y1 = madd(factor, v128.load(at, 16), y1);
    }
    v128.store(out + ((<usize>t) << 2), y0);
    v128.store(out + ((<usize>t) << 2), y1, 16);
  }
}

/** out = (out +) scale · sum of p[t] rows[t] over t = first .. end. */
export function mix(
  p: usize,
  rows: usize,
  stride: usize,
  first: i32,
  end: i32,
  D: i32,
  scale: f32,
  out: usize,
  add: bool,
): void {
  const factor = f32x4.splat(scale);
  let c = 0;
  for (; c + 16 <= D; c += 16) {
    let y0 = f32x4.splat(0);
    let y1 = y0;
    let y2 = y0;
    let y3 = y0;
    let at = rows + <usize>first * stride + ((<usize>c) << 2);
    for (let t = first; t < end; t++, at += stride) {
      const weight = v128.load_splat<f32>(p + ((<usize>t) << 2));
      y0 = madd(weight, v128.load(at), y0);
      y1 = madd(weight, v128.load(at, 16), y1);
      y2 = madd(weight, v128.load(at, 32), y2);
      y3 = madd(weight, v128.load(at, 48), y3);
    }
    const to = out + ((<usize>c) << 2);
    const zero = f32x4.splat(0);
    v128.store(to, f32x4.add(add ? v128.load(to) : zero, f32x4.mul(factor, y0)));
    v128.store(to, f32x4.add(add ? v128.load(to, 16) : zero, f32x4.mul(factor, y1)), 16);
    v128.store(to, f32x4.add(add ? v128.load(to, 32) : zero, f32x4.mul(factor, y2)), 32);
    v128.store(to, f32x4.add(add ? v128.load(to, 48) : zero, f32x4.mul(factor, y3)), 48);
  }
  for (; c < D; c += 4) {
    let y = f32x4.splat(0);
    let at = rows + <usize>first * stride + ((<usize>c) << 2);
    for (let t = first; t < end; t++, at += stride) {
      y = madd(v128.load_splat<f32>(p + ((<usize>t) << 2)), v128.load(at), y);
    }
    const to = out + ((<usize>c) << 2);
    give(to, f32x4.mul(factor, y), D - c, add);
  }
}

/** x · y of D elements. */
export function dot(x: usize, y: usize, D: i32): f32 {
  let sum = f32x4.splat(0);
  for (let c = 0; c < D; c += 4) {
    const at = (<usize>c) << 2;
    const product = f32x4.mul(v128.load(x + at), v128.load(y + at));
    sum = f32x4.add(sum, v128.and(product, lanes(D - c)));
  }
  return total(sum);
}

/** Lane bits of the keys with mask 1, zeros behind column T. */
export function keyBits(mask: usize, T: i32, out: usize): void {
  for (let t = 0; t < padded(T); t += 4) {
    const at = (<usize>t) << 2;
    const real = i32x4.ne(v128.load(mask + at), i32x4.splat(0));
    v128.store(out + at, v128.and(real, lanes(T - t)));
  }
}

/** First key with mask 1, down to a multiple of eight; T: none. What lies before it has weight 0. */
export function firstKey(bits: usize, T: i32): i32 {
  for (let t = 0; t < T; t += 4) {
    if (v128.any_true(v128.load(bits + ((<usize>t) << 2)))) return t & ~7;
  }
  return T;
}

/** Number of keys up to the last with mask 1, up to a multiple of four. */
function endOfKeys(bits: usize, T: i32): i32 {
  for (let t = padded(T); t > 0; t -= 4) {
    if (v128.any_true(v128.load(bits + ((<usize>(t - 4)) << 2)))) return t;
  }
  return 0;
}

/**
 * Scores to exponentials over columns first .. n, first a multiple of four: masked, relative to the largest. Stores
 * the log-sum-exp and returns 1 / sum, both 0 when every column is masked.
 */
export function weigh(s: usize, bits: usize, first: i32, n: i32, scale: f32, lse: usize): f32 {
  const none = f32x4.splat(LOWEST);
  const factor = f32x4.splat(scale);
  let tops = none;
  for (let t = first; t < n; t += 4) {
    const at = (<usize>t) << 2;
    const mask = v128.and(v128.load(bits + at), lanes(n - t));
    const z = v128.bitselect(f32x4.mul(v128.load(s + at), factor), none, mask);
    tops = f32x4.pmax(tops, z);
    v128.store(s + at, z);
  }
  const top = largest(tops);
  store<f32>(lse, 0);
  if (top <= LOWEST) return 0;
  let sum = f32x4.splat(0);
  for (let t = first; t < n; t += 4) {
    const at = (<usize>t) << 2;
    const z = v128.load(s + at);
    const e = v128.and(exp(f32x4.sub(z, f32x4.splat(top))), f32x4.gt(z, none));
    sum = f32x4.add(sum, e);
    v128.store(s + at, e);
  }
  const whole = total(sum);
  store<f32>(lse, top + log(whole));
  return 1 / whole;
}

/** Bytes: two transposed heads, two rows of scores and one of bits. */
export function attention_scratch(T: i32, D: i32): i32 {
  return (2 * D * pitch(T) + 3 * padded(T)) * 4;
}

export function attention(
  qkv: usize,
  mask: usize,
  y: usize,
  lse: usize,
  B: i32,
  T: i32,
  H: i32,
  D: i32,
  scratch: usize,
): void {
  const C = (<usize>(H * D)) << 2;
  const row = C * 3;
  const s = scratch + ((<usize>(pitch(T) * D)) << 2);
  const bits = s + ((<usize>padded(T)) << 2);
  const scale: f32 = 1 / sqrt<f32>(<f32>D);
  for (let b = 0; b < B; b++) {
    keyBits(mask + ((<usize>(b * T)) << 2), T, bits);
    const start = firstKey(bits, T);
    const end = endOfKeys(bits, T);
    for (let h = 0; h < H; h++) {
      const first = (<usize>(h * D)) << 2;
      const q = qkv + <usize>(b * T) * row + first;
      const out = y + <usize>(b * T) * C + first;
      transpose(q + C, row, T, D, scratch);
      for (let i = 0; i < T; i++) {
        const n = min(i + 1, end);
        products(q + <usize>i * row, scratch, start, n, T, D, s);
        const share = weigh(s, bits, start, n, scale, lse);
        lse += 4;
        mix(s, q + 2 * C, row, start, share > 0 ? n : 0, D, share, out + <usize>i * C, false);
      }
    }
  }
}

export function attention_backward_query(
  qkv: usize,
  mask: usize,
  y: usize,
  dy: usize,
  lse: usize,
  dqkv: usize,
  delta: usize,
  B: i32,
  T: i32,
  H: i32,
  D: i32,
  ACCUMULATE: bool,
  scratch: usize,
): void {
  const C = (<usize>(H * D)) << 2;
  const row = C * 3;
  const values = scratch + ((<usize>(pitch(T) * D)) << 2);
  const s = values + ((<usize>(pitch(T) * D)) << 2);
  const dp = s + ((<usize>padded(T)) << 2);
  const bits = dp + ((<usize>padded(T)) << 2);
  const scale: f32 = 1 / sqrt<f32>(<f32>D);
  const factor = f32x4.splat(scale);
  for (let b = 0; b < B; b++) {
    keyBits(mask + ((<usize>(b * T)) << 2), T, bits);
    const start = firstKey(bits, T);
    const end = endOfKeys(bits, T);
    for (let h = 0; h < H; h++) {
      const first = (<usize>(h * D)) << 2;
      const q = qkv + <usize>(b * T) * row + first;
      const dq = dqkv + <usize>(b * T) * row + first;
      const at = <usize>(b * T) * C + first;
      transpose(q + C, row, T, D, scratch);
      transpose(q + 2 * C, row, T, D, values);
      for (let i = 0; i < T; i++, lse += 4, delta += 4) {
        const column = at + <usize>i * C;
        const inner = dot(dy + column, y + column, D);
        store<f32>(delta, inner);
        const n = min(i + 1, end);
        products(q + <usize>i * row, scratch, start, n, T, D, s);
        products(dy + column, values, start, n, T, D, dp);
        const sum = v128.load_splat<f32>(lse);
        for (let t = start; t < n; t += 4) {
          const place = (<usize>t) << 2;
          const z = f32x4.sub(f32x4.mul(v128.load(s + place), factor), sum);
          const p = v128.and(exp(z), v128.load(bits + place));
          const slope = f32x4.sub(v128.load(dp + place), f32x4.splat(inner));
          v128.store(s + place, f32x4.mul(p, slope));
        }
        mix(s, q + C, row, start, n, D, scale, dq + <usize>i * row, ACCUMULATE);
      }
    }
  }
}

/** Derivatives of a masked key and its value: nothing, or unchanged. */
function clear(to: usize, D: i32, add: bool): void {
  for (let c = 0; c < D && !add; c += 4) put(to + ((<usize>c) << 2), f32x4.splat(0), D - c);
}

export function attention_backward_key(
  qkv: usize,
  mask: usize,
  dy: usize,
  lse: usize,
  delta: usize,
  dqkv: usize,
  B: i32,
  T: i32,
  H: i32,
  D: i32,
  ACCUMULATE: bool,
  scratch: usize,
): void {
  const C = (<usize>(H * D)) << 2;
  const row = C * 3;
  const dys = scratch + ((<usize>(pitch(T) * D)) << 2);
  const p = dys + ((<usize>(pitch(T) * D)) << 2);
  const ds = p + ((<usize>padded(T)) << 2);
  const scale: f32 = 1 / sqrt<f32>(<f32>D);
  const factor = f32x4.splat(scale);
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < H; h++, lse += (<usize>T) << 2, delta += (<usize>T) << 2) {
      const first = (<usize>(h * D)) << 2;
      const q = qkv + <usize>(b * T) * row + first;
      const up = dy + <usize>(b * T) * C + first;
      transpose(q, row, T, D, scratch);
      transpose(up, C, T, D, dys);
      for (let j = 0; j < T; j++) {
        const k = q + <usize>j * row + C;
        const dk = dqkv + <usize>(b * T + j) * row + first + C;
        if (load<u32>(mask + ((<usize>(b * T + j)) << 2)) == 0) {
          clear(dk, D, ACCUMULATE);
          clear(dk + C, D, ACCUMULATE);
          continue;
        }
        products(k, scratch, j, T, T, D, p);
        products(k + C, dys, j, T, T, D, ds);
        for (let t = j & ~3; t < T; t += 4) {
          const at = (<usize>t) << 2;
          const z = f32x4.sub(f32x4.mul(v128.load(p + at), factor), v128.load(lse + at));
          const weight = exp(z);
          v128.store(p + at, weight);
          const slope = f32x4.sub(v128.load(ds + at), v128.load(delta + at));
          v128.store(ds + at, f32x4.mul(weight, slope));
        }
        mix(ds, q, row, j, T, D, scale, dk, ACCUMULATE);
        mix(p, up, C, j, T, D, 1, dk + C, ACCUMULATE);
      }
    }
  }
}
