// y_i = sum_j p_ij v_j, p_i = softmax over keys j <= i with mask_j = 1 of q_i k_j / sqrt(D); zeros when no key is allowed.
// Small heads: Q queries and their sums stay in registers, so that one load of a key serves Q queries.

const B: u32 = 2u; // param: sequences
const T: u32 = 8u; // param: columns
const H: u32 = 2u; // param: heads
const D: u32 = 8u; // param: width of a head, a multiple of 4
const Q: u32 = 4u; // param: queries of a thread
const V: u32 = D / 4u; // vec4s of a head
const ROW: u32 = 3u * H * V; // vec4s of a row of qkv
const BLOCKS: u32 = (T + Q - 1u) / Q; // threads of a head
const SCALE: f32 = 1.0 / sqrt(f32(D));
const NONE: f32 = -1e30; // score of a key that is not allowed
const_assert D % 4u == 0u;

@group(0) @binding(0) var<storage, read> qkv: array<vec4f>; // (B*T, 3, H, D)
@group(0) @binding(1) var<storage, read> mask: array<u32>; // (B, T), 1 = real token
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // (B*T, H, D)
@group(0) @binding(3) var<storage, read_write> lse: array<f32>; // (B, H, T), log of the softmax denominator

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
  var sum_pv: array<vec4f, Q * V>;
  var top: array<f32, Q>;
  var sum_p: array<f32, Q>;
  for (var r = 0u; r < Q; r++) {
    let row = first + min(i0 + r, T - 1u);
    top[r] = NONE;
    for (var c = 0u; c < V; c++) { q[r * V + c] = SCALE * qkv[row * ROW + h * V + c]; }
  }
  let last = min(i0 + Q, T);
  for (var j = 0u; j < last; j++) {
    if (mask[first + j] == 0u) { continue; }
    let at_k = (first + j) * ROW + (H + h) * V;
    var s = array<f32, Q>();
    for (var c = 0u; c < V; c++) {
      let k = qkv[at_k + c];
      for (var r = 0u; r < Q; r++) { s[r] += dot(q[r * V + c], k); }
    }
    // online softmax (Milakov & Gimelshein 2018): earlier sums are scaled down to the new maximum
    var p = array<f32, Q>();
    for (var r = 0u; r < Q; r++) {
      let allowed = j <= i0 + r;
      let higher = max(top[r], select(NONE, s[r], allowed));
      let keep = exp(top[r] - higher);
      p[r] = select(0.0, exp(min(s[r] - higher, 0.0)), allowed);
      top[r] = higher;
      sum_p[r] = sum_p[r] * keep + p[r];
      for (var c = 0u; c < V; c++) { sum_pv[r * V + c] *= keep; }
    }
    for (var c = 0u; c < V; c++) {
      let v = qkv[at_k + H * V + c];
      for (var r = 0u; r < Q; r++) { sum_pv[r * V + c] += p[r] * v; }
    }
  }
  for (var r = 0u; r < Q; r++) {
    if (i0 + r < T) {
      let row = first + i0 + r;
      let some = sum_p[r] > 0.0;
      let norm = select(0.0, 1.0 / sum_p[r], some);
      for (var c = 0u; c < V; c++) { y[(row * H + h) * V + c] = norm * sum_pv[r * V + c]; }
      lse[head * T + i0 + r] = select(0.0, top[r] + log(sum_p[r]), some);
    }
  }
}
