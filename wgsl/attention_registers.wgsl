// attention with its operands in registers: each thread keeps TILE queries and their sums, and reads each key once

const B: u32 = 2u; // param: sequences
const T: u32 = 8u; // param: columns
const H: u32 = 2u; // param: heads
const D: u32 = 8u; // param: width of a head, a multiple of 4
const TILE: u32 = 4u; // param: queries of a thread
const KEYS: u32 = 4u; // keys between two corrections of the largest score
const VECTORS: u32 = D / 4u;
const HELD: u32 = TILE * VECTORS;
const BLOCKS: u32 = (T + TILE - 1u) / TILE; // threads of a head
const SCALE: f32 = 1.0 / sqrt(f32(D));
const NONE: f32 = -1e30; // score of a key that is not allowed
alias QKV = f32; // param: elements of qkv, f32 or f16
alias Y = f32; // param: elements of y, f32 or f16

@group(0) @binding(0) var<storage, read> qkv: array<vec4<QKV>>; // (B*T, 3, H, D/4)
@group(0) @binding(1) var<storage, read> mask: array<u32>; // (B, T), 1 = real token
@group(0) @binding(2) var<storage, read_write> y: array<vec4<Y>>; // (B*T, H, D/4)
@group(0) @binding(3) var<storage, read_write> lse: array<f32>; // (B, H, T), log of the softmax denominator

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let id = (group.y * groups.x + group.x) * 32u + lane;
  if (id >= B * H * BLOCKS) { return; }
  let head = id / BLOCKS; // b * H + h
  let first = head / H * T; // row of column 0
  let h = head % H;
  let column = id % BLOCKS * TILE;
  // a query past the last column repeats the last one and is dropped when stored
  var q: array<vec4f, HELD>;
  for (var i = 0u; i < TILE; i++) { // unroll
    let at = ((first + min(column + i, T - 1u)) * 3u * H + h) * VECTORS;
    for (var c = 0u; c < VECTORS; c++) { // unroll
      q[i * VECTORS + c] = SCALE * vec4f(qkv[at + c]);
    }
  }
  var sums: array<vec4f, HELD>;
  var top: array<f32, TILE>;
  var total: array<f32, TILE>;
  for (var i = 0u; i < TILE; i++) { // unroll
    top[i] = NONE;
  }
  for (var j0 = 0u; j0 < min(column + TILE, T); j0 += KEYS) {
    var scores = array<f32, KEYS * TILE>();
    for (var n = 0u; n < KEYS; n++) { // unroll
      let at = ((first + min(j0 + n, T - 1u)) * 3u * H + H + h) * VECTORS;
      for (var c = 0u; c < VECTORS; c++) { // unroll
        let k = vec4f(qkv[at + c]);
        for (var i = 0u; i < TILE; i++) { // unroll
          scores[n * TILE + i] += dot(q[i * VECTORS + c], k);
        }
      }
      let real = j0 + n < T && mask[first + min(j0 + n, T - 1u)] != 0u;
      for (var i = 0u; i < TILE; i++) { // unroll
        scores[n * TILE + i] = select(NONE, scores[n * TILE + i], real && j0 + n <= column + i);
      }
    }
    // online softmax (Milakov & Gimelshein 2018): earlier sums are scaled down to the new maximum
    for (var i = 0u; i < TILE; i++) { // unroll
      var higher = top[i];
      for (var n = 0u; n < KEYS; n++) { // unroll
        higher = max(higher, scores[n * TILE + i]);
      }
      let keep = exp(top[i] - higher);
      top[i] = higher;
      total[i] *= keep;
      for (var c = 0u; c < VECTORS; c++) { // unroll
        sums[i * VECTORS + c] *= keep;
      }
      for (var n = 0u; n < KEYS; n++) { // unroll
        let score = scores[n * TILE + i];
        scores[n * TILE + i] = select(exp(score - higher), 0.0, score == NONE);
        total[i] += scores[n * TILE + i];
      }
    }
    for (var n = 0u; n < KEYS; n++) { // unroll
      let at = ((first + min(j0 + n, T - 1u)) * 3u * H + 2u * H + h) * VECTORS;
      for (var c = 0u; c < VECTORS; c++) { // unroll
        let v = vec4f(qkv[at + c]);
        for (var i = 0u; i < TILE; i++) { // unroll
          sums[i * VECTORS + c] += scores[n * TILE + i] * v;
        }
      }
    }
  }
  for (var i = 0u; i < TILE; i++) { // unroll
    if (column + i < T) {
      let some = total[i] > 0.0;
      let norm = select(0.0, 1.0 / total[i], some);
      let at = ((first + column + i) * H + h) * VECTORS;
      for (var c = 0u; c < VECTORS; c++) { // unroll
        y[at + c] = vec4<Y>(norm * sums[i * VECTORS + c]);
      }
      lse[head * T + column + i] = select(0.0, top[i] + log(total[i]), some);
    }
  }
}
