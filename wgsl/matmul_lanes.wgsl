// C = epilogue(opA(A) opB(B)): as matmul_subgroup, but neighbouring lanes take neighbouring columns one by one

enable subgroups;

const BATCH: u32 = 1u; // param: independent products, one per z
const M: u32 = 64u; // param: rows of C
const K: u32 = 64u; // param: length of the sums
const TA: bool = false; // param: A is stored (K,M)
const TB: bool = false; // param: B is stored (N,K)
const SUBGROUP: u32 = 8u; // param: lanes of a subgroup on this adapter
const LANES: u32 = 16u; // param: invocations of a workgroup, a multiple of SUBGROUP
const ROWS: u32 = 8u; // param: rows of a tile
const COLUMNS: u32 = 4u; // param: columns per invocation
const UNROLL: bool = false; // param: write out the steps of k that were loaded at once
const MAIN: u32 = K - K % SUBGROUP; // steps of k that fill all lanes
const AM: u32 = select(K, 1u, TA); // stride of a row of opA(A)
const AK: u32 = select(1u, M, TA);
const BK: u32 = select(N, 1u, TB);
const BN: u32 = select(1u, K, TB);
alias A = f32; // param: elements of a, f32 or f16
alias B = f32; // param: elements of b, f32 or f16

@group(0) @binding(0) var<storage, read> a: array<A>; // (batch,M,K) or (batch,K,M)
@group(0) @binding(1) var<storage, read> b: array<B>; // (batch,K,N) or (batch,N,K)
// include lib/matmul_epilogue.wgsl

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32,
        @builtin(subgroup_invocation_id) lane: u32) {
  let row = group.y * ROWS;
  let first = group.x * LANES * COLUMNS + index;
  // out-of-range rows and columns read a valid neighbour and are dropped when stored
  var row_start: array<u32, ROWS>;
  for (var i = 0u; i < ROWS; i++) { // unroll
    row_start[i] = group.z * M * K + min(row + i, M - 1u) * AM + lane * AK;
  }
  var at: array<u32, COLUMNS>;
  for (var j = 0u; j < COLUMNS; j++) { // unroll
    at[j] = group.z * N * K + min(first + j * LANES, N - 1u) * BN;
  }
  var sums: array<f32, ROWS * COLUMNS>;
  for (var k = 0u; k < MAIN; k += SUBGROUP) {
    var x: array<f32, ROWS>;
    for (var i = 0u; i < ROWS; i++) { // unroll
      x[i] = f32(a[row_start[i] + k * AK]);
    }
    for (var q = 0u; q < SUBGROUP; q++) { // unroll if UNROLL
      var w: array<f32, COLUMNS>;
      for (var j = 0u; j < COLUMNS; j++) { // unroll
        w[j] = f32(b[at[j] + (k + q) * BK]);
      }
      for (var i = 0u; i < ROWS; i++) { // unroll
        let y = subgroupShuffle(x[i], q);
        for (var j = 0u; j < COLUMNS; j++) { // unroll
          sums[i * COLUMNS + j] += y * w[j];
        }
      }
    }
  }
  for (var k = MAIN; k < K; k++) {
    for (var i = 0u; i < ROWS; i++) { // unroll
      let y = f32(a[row_start[i] + k * AK - lane * AK]);
      for (var j = 0u; j < COLUMNS; j++) { // unroll
        sums[i * COLUMNS + j] += y * f32(b[at[j] + k * BK]);
      }
    }
  }
  for (var j = 0u; j < COLUMNS; j++) { // unroll
    let column = first + j * LANES;
    if (column < N) {
      for (var i = 0u; i < ROWS; i++) { // unroll
        if (row + i < M) { store((group.z * M + row + i) * N + column, column, sums[i * COLUMNS + j]); }
      }
      if (SUMS && row == 0u) {
        var total = 0.0;
        for (var k = 0u; k < K; k++) { total += f32(b[at[j] + k * BK]); }
        store_sum(column, total);
      }
    }
  }
}
