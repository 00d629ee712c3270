// dq_i = sum_j p_ij (dy_i v_j - delta_i) k_j / sqrt(D) with delta_i = dy_i y_i
// Small heads: Q queries and their sums stay in registers, so that one load of a key serves Q queries.

const B: u32 = 2u; // param: sequences
const T: u32 = 8u; // param: columns
const H: u32 = 2u; // param: heads
const D: u32 = 8u; // param: width of a head, a multiple of 4
const Q: u32 = 2u; // param: queries of a thread
const ACCUMULATE: bool = false; // param: dqkv += instead of dqkv =
const V: u32 = D / 4u; // vec4s of a head
const ROW: u32 = 3u * H * V; // vec4s of a row of qkv
const BLOCKS: u32 = (T + Q - 1u) / Q; // threads of a head
const SCALE: f32 = 1.0 / sqrt(f32(D));
const_assert D % 4u == 0u;

@group(0) @binding(0) var<storage, read> qkv: array<vec4f>; // (B*T, 3, H, D)
@group(0) @binding(1) var<storage, read> mask: array<u32>; // (B, T), 1 = real token
@group(0) @binding(2) var<storage, read> y: array<vec4f>; // (B*T, H, D)
@group(0) @binding(3) var<storage, read> dy: array<vec4f>; // (B*T, H, D)
@group(0) @binding(4) var<storage, read> lse: array<f32>; // (B, H, T)
@group(0) @binding(5) var<storage, read_write> dqkv: array<vec4f>; // (B*T, 3, H, D), its first third
@group(0) @binding(6) var<storage, read_write> delta: array<f32>; // (B, H, T)

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let id = (group.y * groups.x + group.x) * 32u + lane;
  if (id >= B * H * BLOCKS) { return; }
  let head = id / BLOCKS; // b * H + h
  let i0 = id % BLOCKS * Q;
  let first = head / H * T; // row of column 0
  let h = head % H;
  var q: array<vec4f, Q * V>;
  var g: array<vec4f, Q * V>; // dy_i
  var dq: array<vec4f, Q * V>;
  var inner: array<f32, Q>;
  var log_sum: array<f32, Q>;
  for (var r = 0u; r < Q; r++) {
    // a query past the last column repeats the last one and is not stored
    let i = min(i0 + r, T - 1u);
    for (var c = 0u; c < V; c++) {
      let o = ((first + i) * H + h) * V + c;
      q[r * V + c] = SCALE * qkv[(first + i) * ROW + h * V + c];
      g[r * V + c] = dy[o];
      inner[r] += dot(g[r * V + c], y[o]);
    }
    log_sum[r] = lse[head * T + i];
  }
  let last = min(i0 + Q, T);
  for (var j = 0u; j < last; j++) {
    if (mask[first + j] == 0u) { continue; }
    let at_k = (first + j) * ROW + (H + h) * V;
    var k: array<vec4f, V>;
    var s = array<f32, Q>();
    var dp = array<f32, Q>();
    for (var c = 0u; c < V; c++) {
      k[c] = qkv[at_k + c];
      let v = qkv[at_k + H * V + c];
      for (var r = 0u; r < Q; r++) {
        s[r] += dot(q[r * V + c], k[c]);
        dp[r] += dot(g[r * V + c], v);
      }
    }
    for (var r = 0u; r < Q; r++) {
      let p = select(0.0, exp(min(s[r] - log_sum[r], 0.0)), j <= i0 + r);
      let ds = p * (dp[r] - inner[r]);
      for (var c = 0u; c < V; c++) { dq[r * V + c] += ds * k[c]; }
    }
  }
  for (var r = 0u; r < Q; r++) {
    if (i0 + r >= T) { continue; }
    delta[head * T + i0 + r] = inner[r];
    for (var c = 0u; c < V; c++) {
      let at = (first + i0 + r) * ROW + h * V + c;
      if (ACCUMULATE) { dqkv[at] += SCALE * dq[r * V + c]; } else { dqkv[at] = SCALE * dq[r * V + c]; }
    }
  }
}
