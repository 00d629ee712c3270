// attention_backward_key with its operands in registers: each thread keeps TILE keys and reads each query once

const B: u32 = 2u; // param: sequences
const T: u32 = 8u; // param: columns
const H: u32 = 2u; // param: heads
const D: u32 = 8u; // param: width of a head, a multiple of 4
const ACCUMULATE: bool = false; // param: dqkv += instead of dqkv =
const TILE: u32 = 4u; // param: keys of a thread
const VECTORS: u32 = D / 4u;
const HELD: u32 = TILE * VECTORS;
const BLOCKS: u32 = (T + TILE - 1u) / TILE; // threads of a head
const SCALE: f32 = 1.0 / sqrt(f32(D));
alias QKV = f32; // param: elements of qkv, f32 or f16

@group(0) @binding(0) var<storage, read> qkv: array<vec4<QKV>>; // (B*T, 3, H, D/4)
@group(0) @binding(1) var<storage, read> mask: array<u32>; // (B, T), 1 = real token
@group(0) @binding(2) var<storage, read> dy: array<vec4f>; // (B*T, H, D/4)
@group(0) @binding(3) var<storage, read> lse: array<f32>; // (B, H, T)
@group(0) @binding(4) var<storage, read> delta: array<f32>; // (B, H, T)
@group(0) @binding(5) var<storage, read_write> dqkv: array<vec4f>; // (B*T, 3, H, D/4), its last two thirds

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let id = (group.y * groups.x + group.x) * 32u + lane;
  if (id >= B * H * BLOCKS) { return; }
  let head = id / BLOCKS; // b * H + h
  let first = head / H * T; // row of column 0
  let h = head % H;
  let column = id % BLOCKS * TILE;
  // a key past the last column repeats the last one and is dropped when stored
  var k: array<vec4f, HELD>;
  var v: array<vec4f, HELD>;
  var real: array<bool, TILE>;
  for (var n = 0u; n < TILE; n++) { // unroll
    let own = first + min(column + n, T - 1u);
    let at = (own * 3u * H + H + h) * VECTORS;
    for (var c = 0u; c < VECTORS; c++) { // unroll
      k[n * VECTORS + c] = SCALE * vec4f(qkv[at + c]);
      v[n * VECTORS + c] = vec4f(qkv[at + H * VECTORS + c]);
    }
    real[n] = mask[own] != 0u;
  }
  var dk: array<vec4f, HELD>;
  var dv: array<vec4f, HELD>;
  for (var i = column; i < T; i++) {
    let at_q = ((first + i) * 3u * H + h) * VECTORS;
    let at_y = ((first + i) * H + h) * VECTORS;
    var q: array<vec4f, VECTORS>;
    var g: array<vec4f, VECTORS>;
    var score = array<f32, TILE>();
    var dp = array<f32, TILE>();
    for (var c = 0u; c < VECTORS; c++) { // unroll
      q[c] = vec4f(qkv[at_q + c]);
      g[c] = dy[at_y + c];
      for (var n = 0u; n < TILE; n++) { // unroll
        score[n] += dot(k[n * VECTORS + c], q[c]);
        dp[n] += dot(v[n * VECTORS + c], g[c]);
      }
    }
    let log_sum = lse[head * T + i];
    let inner = delta[head * T + i];
    for (var n = 0u; n < TILE; n++) { // unroll
      let p = select(0.0, exp(min(score[n] - log_sum, 0.0)), real[n] && column + n <= i);
      let ds = SCALE * p * (dp[n] - inner);
      for (var c = 0u; c < VECTORS; c++) { // unroll
        dk[n * VECTORS + c] += ds * q[c];
        dv[n * VECTORS + c] += p * g[c];
      }
    }
  }
  for (var n = 0u; n < TILE; n++) { // unroll
    if (column + n < T) {
      let at = ((first + column + n) * 3u * H + H + h) * VECTORS;
      for (var c = 0u; c < VECTORS; c++) { // unroll
        let value = at + H * VECTORS + c;
        if (ACCUMULATE) {
          dqkv[at + c] += dk[n * VECTORS + c];
          dqkv[value] += dv[n * VECTORS + c];
        } else {
          dqkv[at + c] = dk[n * VECTORS + c];
          dqkv[value] = dv[n * VECTORS + c];
        }
      }
    }
  }
}
