// dq_i = sum_j p_ij (dy_i v_j - delta_i) k_j / sqrt(D) with delta_i = dy_i y_i
// Any width of a head: each thread takes tiles of 4 queries x 4 keys and keeps its sums in dqkv.

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
@group(0) @binding(2) var<storage, read> y: array<f32>; // (B*T, H, D)
@group(0) @binding(3) var<storage, read> dy: array<f32>; // (B*T, H, D)
@group(0) @binding(4) var<storage, read> lse: array<f32>; // (B, H, T)
@group(0) @binding(5) var<storage, read_write> dqkv: array<f32>; // (B*T, 3, H, D), its first third
@group(0) @binding(6) var<storage, read_write> delta: array<f32>; // (B, H, T)

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
  let i = id % BLOCKS * 4u + vec4u(0u, 1u, 2u, 3u);
  // a query past the last column repeats the last one and is not stored
  let own = min(i, vec4u(T - 1u));
  let at_q = (first + own) * ROW + h * D;
  let at_y = ((first + own) * H + h) * D;
  let stat = head * T + own;
  let log_sum = vec4f(lse[stat.x], lse[stat.y], lse[stat.z], lse[stat.w]);
  var inner = vec4f(0.0);
  for (var c = 0u; c < width; c++) {
    let o = at_y + c;
    inner += vec4f(dy[o.x] * y[o.x], dy[o.y] * y[o.y], dy[o.z] * y[o.z], dy[o.w] * y[o.w]);
  }
  for (var r = 0u; r < 4u; r++) {
    if (i[r] >= T) { continue; }
    delta[stat[r]] = inner[r];
    for (var c = 0u; c < width; c++) {
      if (!ACCUMULATE) { dqkv[at_q[r] + c] = 0.0; }
    }
  }
  for (var j0 = 0u; j0 <= own.w; j0 += 4u) {
    let j = j0 + vec4u(0u, 1u, 2u, 3u);
    let columns = first + min(j, vec4u(T - 1u));
    let at_k = columns * ROW + (H + h) * D;
    var s = mat4x4f(); // s[n]: scores of key n for the four queries
    var dp = mat4x4f();
    for (var c = 0u; c < width; c++) {
      let a = at_q + c;
      let o = at_y + c;
      let q = SCALE * vec4f(qkv[a.x], qkv[a.y], qkv[a.z], qkv[a.w]);
      let g = vec4f(dy[o.x], dy[o.y], dy[o.z], dy[o.w]);
      let k = at_k + c;
      let v = k + H * D;
      s += mat4x4f(qkv[k.x] * q, qkv[k.y] * q, qkv[k.z] * q, qkv[k.w] * q);
      dp += mat4x4f(qkv[v.x] * g, qkv[v.y] * g, qkv[v.z] * g, qkv[v.w] * g);
    }
    var ds = mat4x4f();
    for (var n = 0u; n < 4u; n++) {
      let allowed = (i >= vec4u(j[n])) & vec4<bool>(mask[columns[n]] != 0u);
      let p = select(vec4f(0.0), exp(min(s[n] - log_sum, vec4f(0.0))), allowed);
      ds[n] = SCALE * p * (dp[n] - inner);
    }
    for (var c = 0u; c < width; c++) {
      let k = at_k + c;
      let dq = ds * vec4f(qkv[k.x], qkv[k.y], qkv[k.z], qkv[k.w]);
      for (var r = 0u; r < 4u; r++) {
        if (i[r] < T) { dqkv[at_q[r] + c] += dq[r]; }
      }
    }
  }
}
