// dk_j = sum_i p_ij (dy_i v_j - delta_i) q_i / sqrt(D) and dv_j = sum_i p_ij dy_i over queries i >= j
// Small heads: K keys and their sums stay in registers, so that one load of a query serves K keys.

const B: u32 = 2u; // param: sequences
const T: u32 = 8u; // param: columns
const H: u32 = 2u; // param: heads
const D: u32 = 8u; // param: width of a head, a multiple of 4
const K: u32 = 2u; // param: keys of a thread
const ACCUMULATE: bool = false; // param: dqkv += instead of dqkv =
const V: u32 = D / 4u; // vec4s of a head
const ROW: u32 = 3u * H * V; // vec4s of a row of qkv
const BLOCKS: u32 = (T + K - 1u) / K; // threads of a head
const SCALE: f32 = 1.0 / sqrt(f32(D));
const_assert D % 4u == 0u;

@group(0) @binding(0) var<storage, read> qkv: array<vec4f>; // (B*T, 3, H, D)
@group(0) @binding(1) var<storage, read> mask: array<u32>; // (B, T), 1 = real token
@group(0) @binding(2) var<storage, read> dy: array<vec4f>; // (B*T, H, D)
@group(0) @binding(3) var<storage, read> lse: array<f32>; // (B, H, T)
@group(0) @binding(4) var<storage, read> delta: array<f32>; // (B, H, T)
@group(0) @binding(5) var<storage, read_write> dqkv: array<vec4f>; // (B*T, 3, H, D), its last two thirds

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let id = (group.y * groups.x + group.x) * 32u + lane;
  if (id >= B * H * BLOCKS) { return; }
  let head = id / BLOCKS; // b * H + h
  let j0 = id % BLOCKS * K;
  let first = head / H * T; // row of column 0
  let h = head % H;
  var k: array<vec4f, K * V>;
  var v: array<vec4f, K * V>;
  var dk: array<vec4f, K * V>;
  var dv: array<vec4f, K * V>;
  var real: array<bool, K>;
  for (var n = 0u; n < K; n++) {
    // a key past the last column repeats the last one and is not stored
    let row = first + min(j0 + n, T - 1u);
    real[n] = mask[row] != 0u;
    for (var c = 0u; c < V; c++) {
      k[n * V + c] = SCALE * qkv[row * ROW + (H + h) * V + c];
      v[n * V + c] = qkv[row * ROW + (2u * H + h) * V + c];
    }
  }
  for (var i = j0; i < T; i++) {
    let at_q = (first + i) * ROW + h * V;
    let at_y = ((first + i) * H + h) * V;
    var q: array<vec4f, V>;
    var g: array<vec4f, V>; // dy_i
    var s = array<f32, K>();
    var dp = array<f32, K>();
    for (var c = 0u; c < V; c++) {
      q[c] = qkv[at_q + c];
      g[c] = dy[at_y + c];
      for (var n = 0u; n < K; n++) {
        s[n] += dot(k[n * V + c], q[c]);
        dp[n] += dot(v[n * V + c], g[c]);
      }
    }
    let log_sum = lse[head * T + i];
    let inner = delta[head * T + i];
    for (var n = 0u; n < K; n++) {
      let p = select(0.0, exp(min(s[n] - log_sum, 0.0)), real[n] && i >= j0 + n);
      let ds = p * (dp[n] - inner);
      for (var c = 0u; c < V; c++) {
        dk[n * V + c] += ds * q[c];
        dv[n * V + c] += p * g[c];
      }
    }
  }
  for (var n = 0u; n < K; n++) {
    if (j0 + n >= T) { continue; }
    for (var c = 0u; c < V; c++) {
      let at_k = (first + j0 + n) * ROW + (H + h) * V + c;
      let at_v = at_k + H * V;
      if (ACCUMULATE) {
        dqkv[at_k] += SCALE * dk[n * V + c];
        dqkv[at_v] += dv[n * V + c];
      } else {
        dqkv[at_k] = SCALE * dk[n * V + c];
        dqkv[at_v] = dv[n * V + c];
      }
    }
  }
}
