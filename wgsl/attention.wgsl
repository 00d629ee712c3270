// y_i = sum_j p_ij v_j, p_i = softmax over keys j <= i with mask_j = 1 of q_i k_j / sqrt(D); 0 without any such key
// Each thread takes tiles of 4 queries x 4 keys (FlashAttention, Dao et al. 2022) and keeps the sums of its queries.

const B: u32 = 2u; // param: sequences
const T: u32 = 8u; // param: columns
const H: u32 = 2u; // param: heads
const D: u32 = 8u; // param: width of a head
const ROW: u32 = 3u * H * D; // elements of a row of qkv
const BLOCKS: u32 = (T + 3u) / 4u; // threads of a head
const SCALE: f32 = 1.0 / sqrt(f32(D));
const NONE: f32 = -1e30; // score of a key that is not allowed
alias QKV = f32; // param: elements of qkv, f32 or f16
alias Y = f32; // param: elements of y, f32 or f16

@group(0) @binding(0) var<storage, read> qkv: array<QKV>; // (B*T, 3, H, D)
@group(0) @binding(1) var<storage, read> mask: array<u32>; // (B, T), 1 = real token
@group(0) @binding(2) var<storage, read_write> y: array<Y>; // (B*T, H, D)
@group(0) @binding(3) var<storage, read_write> lse: array<f32>; // (B, H, T), log of the softmax denominator

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
  // so that the real one has the last word. A key past the last column is allowed to such a query only.
  let own = min(i, vec4u(T - 1u));
  let rows = first + own;
  let at_q = rows * ROW + h * D;
  let at_y = (rows * H + h) * D;
  var top = vec4f(NONE);
  var sum_p = vec4f(0.0);
  // of 4 queries each, in f32 whatever y is stored in
  var sums: array<vec4f, D>;
  for (var j0 = 0u; j0 <= own.w; j0 += 4u) {
    let j = j0 + vec4u(0u, 1u, 2u, 3u);
    let columns = first + min(j, vec4u(T - 1u));
    let at_k = columns * ROW + (H + h) * D;
    // s0 to s3: scores of the four keys, each for the four queries
    var s0 = vec4f();
    var s1 = vec4f();
    var s2 = vec4f();
    var s3 = vec4f();
    for (var c = 0u; c < width; c++) {
      let q = vec4f(vec4(qkv[at_q.x + c], qkv[at_q.y + c], qkv[at_q.z + c], qkv[at_q.w + c]));
      s0 += f32(qkv[at_k.x + c]) * q;
      s1 += f32(qkv[at_k.y + c]) * q;
      s2 += f32(qkv[at_k.z + c]) * q;
      s3 += f32(qkv[at_k.w + c]) * q;
    }
    let a0 = (i >= vec4u(j.x)) & vec4<bool>(mask[columns.x] != 0u);
    let a1 = (i >= vec4u(j.y)) & vec4<bool>(mask[columns.y] != 0u);
    let a2 = (i >= vec4u(j.z)) & vec4<bool>(mask[columns.z] != 0u);
    let a3 = (i >= vec4u(j.w)) & vec4<bool>(mask[columns.w] != 0u);
    s0 = select(vec4f(NONE), SCALE * s0, a0);
    s1 = select(vec4f(NONE), SCALE * s1, a1);
    s2 = select(vec4f(NONE), SCALE * s2, a2);
    s3 = select(vec4f(NONE), SCALE * s3, a3);
    // online softmax (Milakov & Gimelshein 2018): earlier sums are scaled down to the new maximum
    let higher = max(max(top, max(s0, s1)), max(s2, s3));
    let keep = exp(top - higher);
    let p0 = select(vec4f(0.0), exp(s0 - higher), a0);
    let p1 = select(vec4f(0.0), exp(s1 - higher), a1);
    let p2 = select(vec4f(0.0), exp(s2 - higher), a2);
    let p3 = select(vec4f(0.0), exp(s3 - higher), a3);
    top = higher;
    sum_p = sum_p * keep + p0 + p1 + p2 + p3;
    for (var c = 0u; c < width; c++) {
      let v = at_k + H * D + c;
      sums[c] = keep * sums[c] + f32(qkv[v.x]) * p0 + f32(qkv[v.y]) * p1 + f32(qkv[v.z]) * p2
        + f32(qkv[v.w]) * p3;
    }
  }
  let some = sum_p > vec4f(0.0);
  let norm = select(vec4f(0.0), 1.0 / sum_p, some);
  let log_sum = select(vec4f(0.0), top + log(sum_p), some);
  for (var c = 0u; c < width; c++) {
    let out = vec4<Y>(norm * sums[c]);
    y[at_y.w + c] = out.w;
    y[at_y.z + c] = out.z;
    y[at_y.y + c] = out.y;
    y[at_y.x + c] = out.x;
  }
  let stat = head * T + own;
  lse[stat.w] = log_sum.w;
  lse[stat.z] = log_sum.z;
  lse[stat.y] = log_sum.y;
  lse[stat.x] = log_sum.x;
}
