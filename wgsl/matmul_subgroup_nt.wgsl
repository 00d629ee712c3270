// C = epilogue(opA(A) B^T), B stored (N,K): as matmul_subgroup, with vectors along k instead of along the columns

enable subgroups;

const BATCH: u32 = 1u; // param: independent products, one per z
const M: u32 = 64u; // param: rows of C
const K: u32 = 64u; // param: length of the sums, a multiple of SUBGROUP
const TA: bool = false; // param: A is stored (K,M)
const TB: bool = true; // param: always true
const SUBGROUP: u32 = 8u; // param: lanes of a subgroup on this adapter, a multiple of 4
const LANES: u32 = 16u; // param: invocations of a workgroup, a multiple of SUBGROUP
const ROWS: u32 = 8u; // param: rows of a tile
const VECTORS: u32 = 2u; // param: groups of 4 columns per invocation
const UNROLL: bool = false; // param: write out the steps of k that were loaded at once
const AM: u32 = select(K, 1u, TA); // stride of a row of opA(A)
const AK: u32 = select(1u, M, TA);
const STRIDE: u32 = K / 4u; // vectors in a row of B
const COLUMNS: u32 = 4u * VECTORS;
alias A = f32; // param: elements of a, f32 or f16
alias B = f32; // param: elements of b, f32 or f16

@group(0) @binding(0) var<storage, read> a: array<A>; // (batch,M,K) or (batch,K,M)
@group(0) @binding(1) var<storage, read> b: array<vec4<B>>; // (batch,N,K/4)
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
    at[j] = (group.z * N + min(first + j * LANES, N - 1u)) * STRIDE;
  }
  var sums: array<vec4f, ROWS * VECTORS>;
  for (var k = 0u; k < K; k += SUBGROUP) {
    var x: array<f32, ROWS>;
    for (var i = 0u; i < ROWS; i++) { // unroll
      x[i] = f32(a[row_start[i] + k * AK]);
    }
    for (var q = 0u; q < SUBGROUP; q += 4u) { // unroll if UNROLL
      var v: array<vec4f, COLUMNS>;
      for (var j = 0u; j < COLUMNS; j++) { // unroll
        v[j] = vec4f(b[at[j] + (k + q) / 4u]);
      }
      for (var p = 0u; p < 4u; p++) { // unroll
        for (var i = 0u; i < ROWS; i++) { // unroll
          let y = subgroupShuffle(x[i], q + p);
          for (var j = 0u; j < VECTORS; j++) { // unroll
            sums[i * VECTORS + j] += y * vec4f(v[4u * j][p], v[4u * j + 1u][p], v[4u * j + 2u][p], v[4u * j + 3u][p]);
          }
        }
      }
    }
  }
  for (var j = 0u; j < COLUMNS; j++) { // unroll
    let column = first + j * LANES;
    if (column < N) {
      for (var i = 0u; i < ROWS; i++) { // unroll
        if (row + i < M) {
          store((group.z * M + row + i) * N + column, column, sums[i * VECTORS + j / 4u][j % 4u]);
        }
      }
      if (SUMS && row == 0u) {
        var total = vec4f();
        for (var k = 0u; k < STRIDE; k++) { total += vec4f(b[at[j] + k]); }
        store_sum(column, total.x + total.y + total.z + total.w);
      }
    }
  }
}
