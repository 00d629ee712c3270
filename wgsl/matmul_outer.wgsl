// C = epilogue(opA(A) opB(B)): ROWS x 4 sums per invocation, a row of A and a column of B at a time, in vector loads only.
// Software adapters pay for every load, and for every sum at each turn of a loop: vectors of four steps of k, few turns.

enable subgroups;

const BATCH: u32 = 1u; // param: independent products, one per z
const M: u32 = 64u; // param: rows of C, a multiple of 4 if TA
const K: u32 = 64u; // param: length of the sums, a multiple of 4
const TA: bool = false; // param: A is stored (K,M)
const TB: bool = false; // param: B is stored (N,K); otherwise N is a multiple of 4
const SUBGROUP: u32 = 8u; // param: lanes of a subgroup on this adapter
const LANES: u32 = 8u; // param: invocations of a workgroup, a multiple of SUBGROUP
const ROWS: u32 = 32u; // param: rows of a tile, a multiple of 4 and of SUBGROUP, 4 * SUBGROUP at most
const REST: u32 = 112u; // param: sums of all rows but four
const UNROLL: bool = false; // param: always false
const HELD: u32 = ROWS / SUBGROUP; // rows of A that a lane holds
const A_STRIDE: u32 = select(K, M, TA) / 4u; // vectors in a stored row
const B_STRIDE: u32 = select(N, K, TB) / 4u;
const ACROSS: u32 = select(1u, LANES, TB); // from one column of an invocation to its next
alias A = f32; // param: elements of a, f32 or f16
alias B = f32; // param: elements of b, f32 or f16

@group(0) @binding(0) var<storage, read> a: array<vec4<A>>; // (batch,M,K/4) or (batch,K,M/4)
@group(0) @binding(1) var<storage, read> b: array<vec4<B>>; // (batch,K,N/4) or (batch,N,K/4)
// include lib/matmul_epilogue.wgsl

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32,
        @builtin(subgroup_invocation_id) lane: u32) {
  let row = group.y * ROWS;
  let column = group.x * LANES * 4u + select(4u * index, index, TB);
  // out-of-range rows and columns read a valid neighbour and are dropped when stored
  var a_at: array<u32, HELD>;
  for (var h = 0u; h < HELD; h++) { // unroll
    a_at[h] = (group.z * M + min(row + h * SUBGROUP + lane, M - 1u)) * A_STRIDE;
  }
  if (TA) { a_at[0] = group.z * K * A_STRIDE + min(row / 4u + lane, A_STRIDE - 1u); }
  var b_at: array<u32, 4>;
  for (var j = 0u; j < 4u; j++) { // unroll
    b_at[j] = (group.z * N + min(column + j * ACROSS, N - 1u)) * B_STRIDE;
  }
  if (!TB) { b_at[0] = group.z * K * B_STRIDE + min(column / 4u, B_STRIDE - 1u); }
  // single numbers: some drivers copy a vector that lives through a loop once more at every turn
  var sums: array<f32, 4u * ROWS>;
  for (var quad = 0u; quad < K / 4u; quad++) {
    // four steps of k for a sum before the next sum: a CPU driver loads, masks and stores each sum once a turn
    var x: array<vec4f, HELD>; // rows stored along k, from `quad`
    for (var h = 0u; h < HELD; h++) { // unroll
      if (!TA) { x[h] = vec4f(a[a_at[h] + quad]); }
    }
    var y: array<vec4f, 4>; // columns stored along k
    for (var j = 0u; j < 4u; j++) { // unroll
      if (TB) { y[j] = vec4f(b[b_at[j] + quad]); }
    }
    var z: array<vec4f, 4>; // by step of k: four rows
    var w: array<vec4f, 4>; // by step of k: four columns
    for (var p = 0u; p < 4u; p++) { // unroll
      if (TA) { z[p] = vec4f(a[a_at[0] + (4u * quad + p) * A_STRIDE]); }
      w[p] = vec4f(y[0][p], y[1][p], y[2][p], y[3][p]);
      if (!TB) { w[p] = vec4f(b[b_at[0] + (4u * quad + p) * B_STRIDE]); }
    }
    for (var i = 0u; i < ROWS; i++) { // unroll
      var part: array<f32, 4>;
      for (var j = 0u; j < 4u; j++) { // unroll
        part[j] = sums[4u * i + j];
      }
      for (var p = 0u; p < 4u; p++) { // unroll
        var value = 0.0;
        if (TA) {
          value = subgroupBroadcast(z[p][i % 4u], i / 4u);
        } else {
          value = subgroupBroadcast(x[i / SUBGROUP][p], i % SUBGROUP);
        }
        for (var j = 0u; j < 4u; j++) { // unroll
          part[j] += value * w[p][j];
        }
      }
      for (var j = 0u; j < 4u; j++) { // unroll
        sums[4u * i + j] = part[j];
      }
    }
  }
  // four rows at a time move up: 4 * ROWS stores written out take compilers longer than all else
  for (var first = 0u; first < ROWS; first += 4u) {
    for (var i = 0u; i < 4u; i++) { // unroll
      let r = row + first + i;
      for (var j = 0u; j < 4u; j++) { // unroll
        let at = column + j * ACROSS;
        if (r < M && at < N) { store((group.z * M + r) * N + at, at, sums[4u * i + j]); }
      }
    }
    for (var i = 0u; i < REST; i++) { // unroll
      sums[i] = sums[i + 16u];
    }
  }
  if (SUMS && row == 0u) {
    for (var j = 0u; j < 4u; j++) { // unroll
      let at = column + j * ACROSS;
      var total = 0.0;
      for (var k = 0u; k < K && at < N; k++) {
        if (TB) { total += f32(b[b_at[j] + k / 4u][k % 4u]); } else { total += f32(b[b_at[0] + k * B_STRIDE][j]); }
      }
      if (at < N) { store_sum(at, total); }
    }
  }
}
