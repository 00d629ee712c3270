// C = epilogue(opA(A) B): a tile per subgroup; its lanes load A for SUBGROUP steps of k at once and hand it around

enable subgroups;

const BATCH: u32 = 1u; // param: independent products, one per z
const M: u32 = 64u; // param: rows of C
const K: u32 = 64u; // param: length of the sums
const TA: bool = false; // param: A is stored (K,M)
const TB: bool = false; // param: always false; matmul_subgroup_nt takes B stored (N,K)
const SUBGROUP: u32 = 8u; // param: lanes of a subgroup on this adapter
const LANES: u32 = 16u; // param: invocations of a workgroup, a multiple of SUBGROUP
const ROWS: u32 = 8u; // param: rows of a tile
const VECTORS: u32 = 2u; // param: vectors of 4 columns per invocation
const UNROLL: bool = false; // param: write out the steps of k that were loaded at once
const MAIN: u32 = K - K % SUBGROUP; // steps of k that fill all lanes
const AM: u32 = select(K, 1u, TA); // stride of a row of opA(A)
const AK: u32 = select(1u, M, TA);
const STRIDE: u32 = N / 4u; // vectors in a row of B
alias A = f32; // param: elements of a, f32 or f16
alias B = f32; // param: elements of b, f32 or f16

@group(0) @binding(0) var<storage, read> a: array<A>; // (batch,M,K) or (batch,K,M)
@group(0) @binding(1) var<storage, read> b: array<vec4<B>>; // (batch,K,N/4)
// include lib/matmul_epilogue.wgsl

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32,
        @builtin(subgroup_invocation_id) lane: u32) {
  let row = group.y * ROWS;
  let first = group.x * LANES * VECTORS + index;
  let base_b = group.z * K * STRIDE;
  // out-of-range rows and columns read a valid neighbour and are dropped when stored
  var row_start: array<u32, ROWS>;
  for (var i = 0u; i < ROWS; i++) { // unroll
    row_start[i] = group.z * M * K + min(row + i, M - 1u) * AM + lane * AK;
  }
  var at: array<u32, VECTORS>;
  for (var j = 0u; j < VECTORS; j++) { // unroll
    at[j] = base_b + min(first + j * LANES, STRIDE - 1u);
  }
  var sums: array<vec4f, ROWS * VECTORS>;
  for (var k = 0u; k < MAIN; k += SUBGROUP) {
    var x: array<f32, ROWS>;
    for (var i = 0u; i < ROWS; i++) { // unroll
      x[i] = f32(a[row_start[i] + k * AK]);
    }
    for (var q = 0u; q < SUBGROUP; q++) { // unroll if UNROLL
      var w: array<vec4f, VECTORS>;
      for (var j = 0u; j < VECTORS; j++) { // unroll
        w[j] = vec4f(b[at[j] + (k + q) * STRIDE]);
      }
      for (var i = 0u; i < ROWS; i++) { // unroll
        let y = subgroupShuffle(x[i], q);
        for (var j = 0u; j < VECTORS; j++) { // unroll
          sums[i * VECTORS + j] += y * w[j];
        }
      }
    }
  }
  for (var k = MAIN; k < K; k++) {
    for (var i = 0u; i < ROWS; i++) { // unroll
      let y = f32(a[row_start[i] + k * AK - lane * AK]);
      for (var j = 0u; j < VECTORS; j++) { // unroll
        sums[i * VECTORS + j] += y * vec4f(b[at[j] + k * STRIDE]);
      }
    }
  }
  for (var j = 0u; j < VECTORS; j++) { // unroll
    let column = 4u * (first + j * LANES);
    if (column < N) {
      for (var i = 0u; i < ROWS; i++) { // unroll
        if (row + i < M) {
          let start = (group.z * M + row + i) * N + column;
          for (var u = 0u; u < 4u; u++) { store(start + u, column + u, sums[i * VECTORS + j][u]); }
        }
      }
      if (SUMS && row == 0u) {
        var total = vec4f();
        for (var k = 0u; k < K; k++) { total += vec4f(b[at[j] + k * STRIDE]); }
        for (var u = 0u; u < 4u; u++) { store_sum(column + u, total[u]); }
      }
    }
  }
}
