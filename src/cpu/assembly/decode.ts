// Sampling: the cache of keys and values, attention of one new token per sequence, and the draw.
import { dot, firstKey, keyBits, mix, padded, weigh } from "./attention";
import { exp, largest, log } from "./lanes";
import { hash } from "./random";
import { allowed } from "./softmax";

const LOWEST: f32 = -1e30;

export function cache_fill(qkv: usize, cache: usize, B: i32, P: i32, S: i32, C: i32): void {
  const width = (<usize>C) << 2;
  for (let b = 0; b < B; b++) {
    for (let p = 0; p < P; p++, qkv += 3 * width) {
      memory.copy(cache + <usize>(b * S + p) * 2 * width, qkv + width, 2 * width);
    }
  }
}

/** Bytes: scores and key bits of one row, and its unused log-sum-exp. */
export function attention_decode_scratch(S: i32): i32 {
  return 2 * padded(S) * 4 + 16;
}

export function attention_decode(
  qkv: usize,
  mask: usize,
  state: usize,
  cache: usize,
  y: usize,
  B: i32,
  S: i32,
  C: i32,
  H: i32,
  scratch: usize,
): void {
  const column = load<u32>(state);
  if (column >= <u32>S) return;
  const n = <i32>column + 1;
  const D = C / H;
  const width = (<usize>C) << 2;
  const bits = scratch + ((<usize>padded(S)) << 2);
  const lse = bits + ((<usize>padded(S)) << 2);
  const scale: f32 = 1 / sqrt<f32>(<f32>D);
  for (let b = 0; b < B; b++, qkv += 3 * width, y += width, mask += (<usize>S) << 2) {
    const rows = cache + <usize>(b * S) * 2 * width;
    memory.copy(rows + <usize>column * 2 * width, qkv + width, 2 * width);
    keyBits(mask, n, bits);
    const start = firstKey(bits, n);
    for (let h = 0; h < H; h++) {
      const first = (<usize>(h * D)) << 2;
      for (let t = start; t < n; t++) {
        const key = rows + <usize>t * 2 * width + first;
        store<f32>(scratch + ((<usize>t) << 2), dot(qkv + first, key, D));
      }
      const share = weigh(scratch, bits, start, n, scale, lse);
      const values = rows + width + first;
      mix(scratch, values, 2 * width, start, share > 0 ? n : 0, D, share, y + first, false);
    }
  }
}

/** Bytes: the exponentials of one row. */
export function draw_scratch(V: i32): i32 {
  return padded(V) * 4;
}

/** exp(z - largest z) of a row, 0 where banned; returns the largest. */
function weights(logits: usize, V: i32, scale: f32, BANNED: i32, out: usize): f32 {
  const none = f32x4.splat(LOWEST);
  const factor = f32x4.splat(scale);
  let tops = none;
  for (let v = 0; v < V; v += 4) {
    const z = f32x4.mul(v128.load(logits + ((<usize>v) << 2)), factor);
    tops = f32x4.pmax(tops, v128.bitselect(z, none, allowed(V, v, BANNED)));
  }
  const top = f32x4.splat(largest(tops));
  for (let v = 0; v < V; v += 4) {
    const at = (<usize>v) << 2;
    const z = f32x4.sub(f32x4.mul(v128.load(logits + at), factor), top);
    v128.store(out + at, v128.and(exp(z), allowed(V, v, BANNED)));
  }
  return f32x4.extract_lane(top, 0);
}

export function draw(
  logits: usize,
  state: usize,
  positions: usize,
  knobs: usize,
  response: usize,
  logp: usize,
  current: usize,
  place: usize,
  B: i32,
  V: i32,
  G: i32,
  T: i32,
  EOS: u32,
  PAD: u32,
  BANNED: i32,
  TEMPERATURE: i32,
  scratch: usize,
): void {
  const column = load<u32>(state);
  const drawn = load<u32>(state, 4);
  if (drawn >= <u32>G) return;
  const key = hash(drawn ^ hash(load<u32>(state, 12) ^ hash(load<u32>(state, 8))));
  const temperature = load<f32>(knobs + ((<usize>TEMPERATURE) << 2));
  const next = min(T - 1, <i32>column + 1);
  for (let b = 0; b < B; b++, logits += (<usize>V) << 2) {
    const row = (<usize>b) << 2;
    const last = load<u32>(current + row);
    let token: i32 = PAD;
    let chosen: f32 = 0;
    if (last != EOS && last != PAD) {
      const top = weights(logits, V, 1 / temperature, BANNED, scratch);
      let whole: f64 = 0;
      for (let v = 0; v < V; v++) whole += load<f32>(scratch + ((<usize>v) << 2));
      const u = (<f64>(hash(b ^ key) >> 8) + 0.5) / 16777216;
      let sum: f64 = 0;
      for (let v = 0; v < V; v++) {
        const weight = load<f32>(scratch + ((<usize>v) << 2));
        // a weight of 0 is a banned token, or one that cannot be drawn
        if (weight == 0) continue;
        token = v;
        sum += weight;
        if (sum > u * whole) break;
      }
      chosen = load<f32>(logits + ((<usize>token) << 2)) / temperature - top - log(<f32>whole);
    }
    const at = (<usize>(b * G + <i32>drawn)) << 2;
    store<i32>(response + at, token);
    store<f32>(logp + at, chosen);
    store<i32>(current + row, token);
    store<u32>(place + row, load<u32>(positions + ((<usize>(b * T + next)) << 2)));
  }
}
