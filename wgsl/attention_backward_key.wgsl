// dk_j = sum_i p_ij (dy_i v_j - delta_i) q_i / sqrt(D) and dv_j = sum_i p_ij dy_i over queries i >= j
// Any width of a head: each thread takes tiles of 4 keys x 4 queries and keeps its sums in dqkv.

const B: u32 = 2u; // param: sequences
const T: u32 = 8u; // param: columns
const H: u32 = 2u; // param: heads
const D: u32 = 8u; // param: width of a head
const ACCUMULATE: bool = false; // param: dqkv += instead of dqkv =
const ROW: u32 = 3u * H * D; // elements of a row of qkv
const BLOCKS: u32 = (T + 3u) / 4u; // threads of a head
const SCALE: f32 = 1.0 / sqrt(f32(D));

@group(0) @binding(0) var<storage, read> qkv: array<f32>; // (B*T, 3, H, D)
@group(0) @binding(1) var<storage, read> mask: array<u32>; // (B, T), 1 = real token
@group(0) @binding(2) var<storage, read> dy: array<f32>; // (B*T, H, D)
@group(0) @binding(3) var<storage, read> lse: array<f32>; // (B, H, T)
@group(0) @binding(4) var<storage, read> delta: array<f32>; // (B, H, T)
@group(0) @binding(5) var<storage, read_write> dqkv: array<f32>; // (B*T, 3, H, D), its last two thirds

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let id = (group.y * groups.x + group.x) * 32u + lane;
  if (id >= B * H * BLOCKS) { return; }
  // groups.z is 1: a bound known only at run time keeps compilers from unrolling, which takes them seconds
  let width = D * groups.z;
  let head = id / BLOCKS; // b * H + h
  let first = head / H * T; // row of column 0
  let h = head % H;
  let j = id % BLOCKS * 4u + vec4u(0u, 1u, 2u, 3u);
  // a key past the last column repeats the last one and is not stored
  let own = first + min(j, vec4u(T - 1u));
  let at_k = own * ROW + (H + h) * D;
  let real = vec4u(mask[own.x], mask[own.y], mask[own.z], mask[own.w]) != vec4u(0u);
  for (var n = 0u; n < 4u; n++) {
    if (j[n] >= T) { continue; }
    for (var c = 0u; c < width; c++) {
      if (!ACCUMULATE) {
        dqkv[at_k[n] + c] = 0.0;
        dqkv[at_k[n] + H * D + c] = 0.0;
      }
    }
  }
  for (var i0 = j.x; i0 < T; i0 += 4u) {
    let i = i0 + vec4u(0u, 1u, 2u, 3u);
    let rows = min(i, vec4u(T - 1u));
    let at_q = (first + rows) * ROW + h * D;
    let at_y = ((first + rows) * H + h) * D;
    var s = mat4x4f(); // s[r]: scores of query r for the four keys
    var dp = mat4x4f();
    for (var c = 0u; c < width; c++) {
      let a = at_k + c;
      let b = a + H * D;
      let k = SCALE * vec4f(qkv[a.x], qkv[a.y], qkv[a.z], qkv[a.w]);
      let v = vec4f(qkv[b.x], qkv[b.y], qkv[b.z], qkv[b.w]);
      let q = at_q + c;
      let o = at_y + c;
      s += mat4x4f(qkv[q.x] * k, qkv[q.y] * k, qkv[q.z] * k, qkv[q.w] * k);
      dp += mat4x4f(dy[o.x] * v, dy[o.y] * v, dy[o.z] * v, dy[o.w] * v);
    }
    var p = mat4x4f();
    var ds = mat4x4f();
    for (var r = 0u; r < 4u; r++) {
      let stat = head * T + rows[r];
      let allowed = (vec4u(i[r]) >= j) & real & vec4<bool>(i[r] < T);
      p[r] = select(vec4f(0.0), exp(min(s[r] - lse[stat], vec4f(0.0))), allowed);
      ds[r] = SCALE * p[r] * (dp[r] - delta[stat]);
    }
    for (var c = 0u; c < width; c++) {
      let q = at_q + c;
      let o = at_y + c;
      let dk = ds * vec4f(qkv[q.x], qkv[q.y], qkv[q.z], qkv[q.w]);
      let dv = p * vec4f(dy[o.x], dy[o.y], dy[o.z], dy[o.w]);
      for (var n = 0u; n < 4u; n++) {
        if (j[n] < T) {
          dqkv[at_k[n] + c] += dk[n];
          dqkv[at_k[n] + H * D + c] += dv[n];
        }
      }
    }
  }
}
