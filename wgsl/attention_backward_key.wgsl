// dk_j = sum_i p_ij (dy_i v_j - delta_i) q_i / sqrt(D) and dv_j = sum_i p_ij dy_i over queries i >= j
// Each thread takes tiles of 4 keys x 4 queries and keeps its sums in dqkv.

const B: u32 = 2u; // param: sequences
const T: u32 = 8u; // param: columns
const H: u32 = 2u; // param: heads
const D: u32 = 8u; // param: width of a head
const ACCUMULATE: bool = false; // param: dqkv += instead of dqkv =
const ROW: u32 = 3u * H * D; // elements of a row of qkv
const BLOCKS: u32 = (T + 3u) / 4u; // threads of a head
const SCALE: f32 = 1.0 / sqrt(f32(D));
alias QKV = f32; // param: elements of qkv, f32 or f16

@group(0) @binding(0) var<storage, read> qkv: array<QKV>; // (B*T, 3, H, D)
@group(0) @binding(1) var<storage, read> mask: array<u32>; // (B, T), 1 = real token
@group(0) @binding(2) var<storage, read> dy: array<f32>; // (B*T, H, D)
@group(0) @binding(3) var<storage, read> lse: array<f32>; // (B, H, T)
@group(0) @binding(4) var<storage, read> delta: array<f32>; // (B, H, T)
@group(0) @binding(5) var<storage, read_write> dqkv: array<f32>; // (B*T, 3, H, D), its last two thirds

fn probability(score: vec4f, log_sum: f32, allowed: vec4<bool>) -> vec4f {
  return select(vec4f(), exp(min(score - log_sum, vec4f())), allowed);
}

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
  // A key past the last column repeats the last one; results are stored from the fourth key to the first,
  // so that the real one has the last word.
  let own = first + min(j, vec4u(T - 1u));
  let at_k = own * ROW + (H + h) * D;
  let real = vec4u(mask[own.x], mask[own.y], mask[own.z], mask[own.w]) != vec4u(0u);
  for (var i0 = j.x; i0 < T; i0 += 4u) {
    let i = i0 + vec4u(0u, 1u, 2u, 3u);
    let rows = min(i, vec4u(T - 1u));
    let at_q = (first + rows) * ROW + h * D;
    let at_y = ((first + rows) * H + h) * D;
    // s0 to s3: scores of the four queries, each for the four keys
    var s0 = vec4f();
    var s1 = vec4f();
    var s2 = vec4f();
    var s3 = vec4f();
    var dp0 = vec4f();
    var dp1 = vec4f();
    var dp2 = vec4f();
    var dp3 = vec4f();
    for (var c = 0u; c < width; c++) {
      let a = at_k + c;
      let b = a + H * D;
      let q = at_q + c;
      let o = at_y + c;
      let k = SCALE * vec4f(vec4(qkv[a.x], qkv[a.y], qkv[a.z], qkv[a.w]));
      let v = vec4f(vec4(qkv[b.x], qkv[b.y], qkv[b.z], qkv[b.w]));
      s0 += f32(qkv[q.x]) * k;
      s1 += f32(qkv[q.y]) * k;
      s2 += f32(qkv[q.z]) * k;
      s3 += f32(qkv[q.w]) * k;
      dp0 += dy[o.x] * v;
      dp1 += dy[o.y] * v;
      dp2 += dy[o.z] * v;
      dp3 += dy[o.w] * v;
    }
    let stat = head * T + rows;
    let p0 = probability(s0, lse[stat.x], real & (vec4u(i.x) >= j));
    let p1 = probability(s1, lse[stat.y], real & (vec4u(i.y) >= j) & vec4<bool>(i.y < T));
    let p2 = probability(s2, lse[stat.z], real & (vec4u(i.z) >= j) & vec4<bool>(i.z < T));
    let p3 = probability(s3, lse[stat.w], real & (vec4u(i.w) >= j) & vec4<bool>(i.w < T));
    let ds0 = SCALE * p0 * (dp0 - delta[stat.x]);
    let ds1 = SCALE * p1 * (dp1 - delta[stat.y]);
    let ds2 = SCALE * p2 * (dp2 - delta[stat.z]);
    let ds3 = SCALE * p3 * (dp3 - delta[stat.w]);
    let begins = i0 == j.x && !ACCUMULATE;
    for (var c = 0u; c < width; c++) {
      let q = at_q + c;
      let o = at_y + c;
      let a = at_k + c;
      let b = a + H * D;
      let old_k = vec4f(dqkv[a.x], dqkv[a.y], dqkv[a.z], dqkv[a.w]);
      let old_v = vec4f(dqkv[b.x], dqkv[b.y], dqkv[b.z], dqkv[b.w]);
      let dk = select(old_k, vec4f(), begins)
        + f32(qkv[q.x]) * ds0 + f32(qkv[q.y]) * ds1 + f32(qkv[q.z]) * ds2 + f32(qkv[q.w]) * ds3;
      let dv = select(old_v, vec4f(), begins)
        + dy[o.x] * p0 + dy[o.y] * p1 + dy[o.z] * p2 + dy[o.w] * p3;
      dqkv[a.w] = dk.w;
      dqkv[a.z] = dk.z;
      dqkv[a.y] = dk.y;
      dqkv[a.x] = dk.x;
      dqkv[b.w] = dv.w;
      dqkv[b.z] = dv.z;
      dqkv[b.y] = dv.y;
      dqkv[b.x] = dv.x;
    }
  }
}
