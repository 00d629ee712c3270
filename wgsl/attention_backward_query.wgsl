// dq_i = sum_j p_ij (dy_i v_j - delta_i) k_j / sqrt(D) with delta_i = dy_i y_i
// Each thread takes tiles of 4 queries x 4 keys and keeps its sums in dqkv.

const B: u32 = 2u; // param: sequences
const T: u32 = 8u; // param: columns
const H: u32 = 2u; // param: heads
const D: u32 = 8u; // param: width of a head
const ACCUMULATE: bool = false; // param: dqkv += instead of dqkv =
const ROW: u32 = 3u * H * D; // elements of a row of qkv
const BLOCKS: u32 = (T + 3u) / 4u; // threads of a head
const SCALE: f32 = 1.0 / sqrt(f32(D));
alias QKV = f32; // param: elements of qkv, f32 or f16
alias Y = f32; // param: elements of y, f32 or f16

@group(0) @binding(0) var<storage, read> qkv: array<QKV>; // (B*T, 3, H, D)
@group(0) @binding(1) var<storage, read> mask: array<u32>; // (B, T), 1 = real token
@group(0) @binding(2) var<storage, read> y: array<Y>; // (B*T, H, D)
@group(0) @binding(3) var<storage, read> dy: array<f32>; // (B*T, H, D)
@group(0) @binding(4) var<storage, read> lse: array<f32>; // (B, H, T)
@group(0) @binding(5) var<storage, read_write> dqkv: array<f32>; // (B*T, 3, H, D), its first third
@group(0) @binding(6) var<storage, read_write> delta: array<f32>; // (B, H, T)

fn probability(score: vec4f, log_sum: vec4f, allowed: vec4<bool>) -> vec4f {
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
  let i = id % BLOCKS * 4u + vec4u(0u, 1u, 2u, 3u);
  // A query past the last column repeats the last one; results are stored from the fourth query to the first,
  // so that the real one has the last word.
  let own = min(i, vec4u(T - 1u));
  let at_q = (first + own) * ROW + h * D;
  let at_y = ((first + own) * H + h) * D;
  let stat = head * T + own;
  let log_sum = vec4f(lse[stat.x], lse[stat.y], lse[stat.z], lse[stat.w]);
  var inner = vec4f(0.0);
  for (var c = 0u; c < width; c++) {
    let o = at_y + c;
    inner += vec4f(dy[o.x], dy[o.y], dy[o.z], dy[o.w]) * vec4f(vec4(y[o.x], y[o.y], y[o.z], y[o.w]));
  }
  delta[stat.w] = inner.w;
  delta[stat.z] = inner.z;
  delta[stat.y] = inner.y;
  delta[stat.x] = inner.x;
  for (var j0 = 0u; j0 <= own.w; j0 += 4u) {
    let j = j0 + vec4u(0u, 1u, 2u, 3u);
    let columns = first + min(j, vec4u(T - 1u));
    let at_k = columns * ROW + (H + h) * D;
    // s0 to s3: scores of the four keys, each for the four queries
    var s0 = vec4f();
    var s1 = vec4f();
    var s2 = vec4f();
    var s3 = vec4f();
    var dp0 = vec4f();
    var dp1 = vec4f();
    var dp2 = vec4f();
    var dp3 = vec4f();
    for (var c = 0u; c < width; c++) {
      let a = at_q + c;
      let o = at_y + c;
      let k = at_k + c;
      let v = k + H * D;
      let q = SCALE * vec4f(vec4(qkv[a.x], qkv[a.y], qkv[a.z], qkv[a.w]));
      let g = vec4f(dy[o.x], dy[o.y], dy[o.z], dy[o.w]);
      s0 += f32(qkv[k.x]) * q;
      s1 += f32(qkv[k.y]) * q;
      s2 += f32(qkv[k.z]) * q;
      s3 += f32(qkv[k.w]) * q;
      dp0 += f32(qkv[v.x]) * g;
      dp1 += f32(qkv[v.y]) * g;
      dp2 += f32(qkv[v.z]) * g;
      dp3 += f32(qkv[v.w]) * g;
    }
    let a0 = (i >= vec4u(j.x)) & vec4<bool>(mask[columns.x] != 0u);
    let a1 = (i >= vec4u(j.y)) & vec4<bool>(mask[columns.y] != 0u);
    let a2 = (i >= vec4u(j.z)) & vec4<bool>(mask[columns.z] != 0u);
    let a3 = (i >= vec4u(j.w)) & vec4<bool>(mask[columns.w] != 0u);
    let ds0 = SCALE * probability(s0, log_sum, a0) * (dp0 - inner);
    let ds1 = SCALE * probability(s1, log_sum, a1) * (dp1 - inner);
    let ds2 = SCALE * probability(s2, log_sum, a2) * (dp2 - inner);
    let ds3 = SCALE * probability(s3, log_sum, a3) * (dp3 - inner);
    let begins = j0 == 0u && !ACCUMULATE;
    for (var c = 0u; c < width; c++) {
      let a = at_q + c;
      let k = at_k + c;
      let old = vec4f(dqkv[a.x], dqkv[a.y], dqkv[a.z], dqkv[a.w]);
      let dq = select(old, vec4f(), begins)
        + f32(qkv[k.x]) * ds0 + f32(qkv[k.y]) * ds1 + f32(qkv[k.z]) * ds2 + f32(qkv[k.w]) * ds3;
      dqkv[a.w] = dq.w;
      dqkv[a.z] = dq.z;
      dqkv[a.y] = dq.y;
      dqkv[a.x] = dq.x;
    }
  }
}
