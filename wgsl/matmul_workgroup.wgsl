// C = epilogue(opA(A) opB(B)): 64 x 64 tiles; a workgroup copies 16 steps of k into its memory, each invocation
// computes 4 x 4 elements of them

const BATCH: u32 = 1u; // param: independent products, one per z
const M: u32 = 64u; // param: rows of C
const K: u32 = 64u; // param: length of the sums
const TA: bool = false; // param: A is stored (K,M)
const TB: bool = false; // param: B is stored (N,K)
const AM: u32 = select(K, 1u, TA); // stride of a row of opA(A)
const AK: u32 = select(1u, M, TA);
const BK: u32 = select(N, 1u, TB);
const BN: u32 = select(1u, K, TB);
const STEPS: u32 = 16u;
const TILE: u32 = 64u;

@group(0) @binding(0) var<storage, read> a: array<f32>; // (batch,M,K) or (batch,K,M)
@group(0) @binding(1) var<storage, read> b: array<f32>; // (batch,K,N) or (batch,N,K)
// include lib/matmul_epilogue.wgsl

var<workgroup> tile_a: array<vec4f, STEPS * TILE / 4u>; // (step of k, row)
var<workgroup> tile_b: array<vec4f, STEPS * TILE / 4u>; // (step of k, column)

fn load_a(base: u32, row: u32, k: u32) -> f32 {
  if (row >= M || k >= K) { return 0.0; }
  return a[base + row * AM + k * AK];
}

fn load_b(base: u32, column: u32, k: u32) -> f32 {
  if (column >= N || k >= K) { return 0.0; }
  return b[base + column * BN + k * BK];
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let base_a = group.z * M * K;
  let base_b = group.z * N * K;
  let first_row = group.y * TILE;
  let first_column = group.x * TILE;
  // what this invocation copies: neighbours read neighbouring elements, whichever way the operand is stored
  let step_a = select(lane % STEPS, lane / STEPS, TA);
  let rows_a = select(lane / STEPS, lane % STEPS, TA);
  let step_b = select(lane / STEPS, lane % STEPS, TB);
  let columns_b = select(lane % STEPS, lane / STEPS, TB);
  // what it computes
  let row = lane / 16u;
  let column = lane % 16u;
  var sums: array<vec4f, 4>;
  for (var k = 0u; k < K; k += STEPS) {
    let ra = first_row + rows_a * 4u;
    let cb = first_column + columns_b * 4u;
    tile_a[step_a * 16u + rows_a] = vec4f(load_a(base_a, ra, k + step_a), load_a(base_a, ra + 1u, k + step_a),
      load_a(base_a, ra + 2u, k + step_a), load_a(base_a, ra + 3u, k + step_a));
    tile_b[step_b * 16u + columns_b] = vec4f(load_b(base_b, cb, k + step_b), load_b(base_b, cb + 1u, k + step_b),
      load_b(base_b, cb + 2u, k + step_b), load_b(base_b, cb + 3u, k + step_b));
    workgroupBarrier();
    for (var q = 0u; q < STEPS; q++) {
      let x = tile_a[q * 16u + row];
      let w = tile_b[q * 16u + column];
      for (var i = 0u; i < 4u; i++) { // unroll
        sums[i] += x[i] * w;
      }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4u; i++) { // unroll
    let m = first_row + row * 4u + i;
    for (var j = 0u; j < 4u; j++) { // unroll
      let n = first_column + column * 4u + j;
      if (m < M && n < N) { store((group.z * M + m) * N + n, n, sums[i][j]); }
    }
  }
  if (SUMS && group.y == 0u && lane < TILE) {
    let n = first_column + lane;
    var total = 0.0;
    for (var k = 0u; k < K; k++) { total += load_b(base_b, n, k); }
    if (n < N) { store_sum(n, total); }
  }
}
