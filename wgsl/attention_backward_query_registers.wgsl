// attention_backward_query with its operands in registers: each thread keeps TILE queries and reads each key once

const B: u32 = 2u; // param: sequences
const T: u32 = 8u; // param: columns
const H: u32 = 2u; // param: heads
const D: u32 = 8u; // param: width of a head, a multiple of 4
const ACCUMULATE: bool = false; // param: dqkv += instead of dqkv =
const TILE: u32 = 4u; // param: queries of a thread
const VECTORS: u32 = D / 4u;
const HELD: u32 = TILE * VECTORS;
const BLOCKS: u32 = (T + TILE - 1u) / TILE; // threads of a head
const SCALE: f32 = 1.0 / sqrt(f32(D));
alias QKV = f32; // param: elements of qkv, f32 or f16
alias Y = f32; // param: elements of y, f32 or f16

@group(0) @binding(0) var<storage, read> qkv: array<vec4<QKV>>; // (B*T, 3, H, D/4)
@group(0) @binding(1) var<storage, read> mask: array<u32>; // (B, T), 1 = real token
@group(0) @binding(2) var<storage, read> y: array<vec4<Y>>; // (B*T, H, D/4)
@group(0) @binding(3) var<storage, read> dy: array<vec4f>; // (B*T, H, D/4)
@group(0) @binding(4) var<storage, read> lse: array<f32>; // (B, H, T)
@group(0) @binding(5) var<storage, read_write> dqkv: array<vec4f>; // (B*T, 3, H, D/4), its first third
@group(0) @binding(6) var<storage, read_write> delta: array<f32>; // (B, H, T), dy_i y_i

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
  var g: array<vec4f, HELD>;
  var inner: array<f32, TILE>;
  var log_sum: array<f32, TILE>;
  for (var i = 0u; i < TILE; i++) { // unroll
    let own = first + min(column + i, T - 1u);
    for (var c = 0u; c < VECTORS; c++) { // unroll
      q[i * VECTORS + c] = SCALE * vec4f(qkv[(own * 3u * H + h) * VECTORS + c]);
      g[i * VECTORS + c] = dy[(own * H + h) * VECTORS + c];
      inner[i] += dot(g[i * VECTORS + c], vec4f(y[(own * H + h) * VECTORS + c]));
    }
    log_sum[i] = lse[head * T + min(column + i, T - 1u)];
  }
  var dq: array<vec4f, HELD>;
  for (var j = 0u; j < min(column + TILE, T); j++) {
    if (mask[first + j] == 0u) { continue; }
    let at = ((first + j) * 3u * H + H + h) * VECTORS;
    var k: array<vec4f, VECTORS>;
    var score = array<f32, TILE>();
    var dp = array<f32, TILE>();
    for (var c = 0u; c < VECTORS; c++) { // unroll
      k[c] = vec4f(qkv[at + c]);
      let v = vec4f(qkv[at + H * VECTORS + c]);
      for (var i = 0u; i < TILE; i++) { // unroll
        score[i] += dot(q[i * VECTORS + c], k[c]);
        dp[i] += dot(g[i * VECTORS + c], v);
      }
    }
    for (var i = 0u; i < TILE; i++) { // unroll
      let p = select(0.0, exp(min(score[i] - log_sum[i], 0.0)), j <= column + i);
      let ds = SCALE * p * (dp[i] - inner[i]);
      for (var c = 0u; c < VECTORS; c++) { // unroll
        dq[i * VECTORS + c] += ds * k[c];
      }
    }
  }
  for (var i = 0u; i < TILE; i++) { // unroll
    if (column + i < T) {
      let at = ((first + column + i) * 3u * H + h) * VECTORS;
      for (var c = 0u; c < VECTORS; c++) { // unroll
        if (ACCUMULATE) { dqkv[at + c] += dq[i * VECTORS + c]; } else { dqkv[at + c] = dq[i * VECTORS + c]; }
      }
      delta[head * T + column + i] = inner[i];
    }
  }
}
