// C = epilogue(opA(A) opB(B)): tiles in workgroup memory; teams of invocations share the steps of k and add up at the end

const BATCH: u32 = 1u; // param: independent products, one per z
const M: u32 = 64u; // param: rows of C
const K: u32 = 64u; // param: length of the sums
const TA: bool = false; // param: A is stored (K,M)
const TB: bool = false; // param: B is stored (N,K)
const ROWS: u32 = 4u; // param: rows of an invocation, a multiple of 4
const COLUMNS: u32 = 4u; // param: columns of an invocation, a multiple of 4
const DOWN: u32 = 8u; // param: invocations of a team from top to bottom of the tile
const ACROSS: u32 = 8u; // param: from left to right
const SPLIT: u32 = 1u; // param: teams; each takes STEPS of every SPLIT * STEPS steps of k
const STEPS: u32 = 16u; // param: steps of k of a team between two loads
const AM: u32 = select(K, 1u, TA); // stride of a row of opA(A)
const AK: u32 = select(1u, M, TA);
const BK: u32 = select(N, 1u, TB);
const BN: u32 = select(1u, K, TB);
const TEAM: u32 = DOWN * ACROSS;
const LANES: u32 = TEAM * SPLIT;
const BLOCK: u32 = STEPS * SPLIT; // steps of k that are loaded at once
const VA: u32 = DOWN * ROWS / 4u; // vectors of 4 rows in a tile
const VB: u32 = ACROSS * COLUMNS / 4u; // vectors of 4 columns
const PITCH_A: u32 = VA + 1u; // one more, so that neighbours write to different banks
const PITCH_B: u32 = VB + 1u;
const XS: u32 = ROWS / 4u; // vectors of an invocation
const WS: u32 = COLUMNS / 4u;
const HELD: u32 = ROWS * WS; // its sums, in vectors of 4 columns
const SHARED: u32 = select(1u, TEAM * (HELD + WS), SPLIT > 1u);
alias A = f32; // param: elements of a, f32 or f16
alias B = f32; // param: elements of b, f32 or f16

@group(0) @binding(0) var<storage, read> a: array<A>; // (batch,M,K) or (batch,K,M)
@group(0) @binding(1) var<storage, read> b: array<B>; // (batch,K,N) or (batch,N,K)
// include lib/matmul_epilogue.wgsl

var<workgroup> tile_a: array<vec4f, BLOCK * PITCH_A>; // (step of k, rows)
var<workgroup> tile_b: array<vec4f, BLOCK * PITCH_B>; // (step of k, columns)
var<workgroup> shared_sums: array<vec4f, SHARED>; // (sum, invocation of a team): what one team hands to the first

fn load_a(base: u32, row: u32, k: u32) -> f32 {
  if (row >= M || k >= K) { return 0.0; }
  return f32(a[base + row * AM + k * AK]);
}

fn load_b(base: u32, column: u32, k: u32) -> f32 {
  if (column >= N || k >= K) { return 0.0; }
  return f32(b[base + column * BN + k * BK]);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let base_a = group.z * M * K;
  let base_b = group.z * N * K;
  let first_row = group.y * DOWN * ROWS;
  let first_column = group.x * ACROSS * COLUMNS;
  let team = lane / TEAM;
  let mate = lane % TEAM;
  // an invocation's vectors lie DOWN (ACROSS) vectors apart, so that neighbours read neighbouring ones
  let y = mate / ACROSS;
  let x = mate % ACROSS;
  var sums: array<vec4f, HELD>;
  var totals: array<vec4f, WS>; // sums over the rows of opB(B)
  for (var k = 0u; k < K; k += BLOCK) {
    // neighbours copy neighbouring elements, whichever way the operand is stored
    for (var i = lane; i < BLOCK * VA; i += LANES) {
      let step = select(i % BLOCK, i / VA, TA);
      let at = select(i / BLOCK, i % VA, TA);
      let row = first_row + 4u * at;
      tile_a[step * PITCH_A + at] = vec4f(load_a(base_a, row, k + step), load_a(base_a, row + 1u, k + step),
        load_a(base_a, row + 2u, k + step), load_a(base_a, row + 3u, k + step));
    }
    for (var i = lane; i < BLOCK * VB; i += LANES) {
      let step = select(i / VB, i % BLOCK, TB);
      let at = select(i % VB, i / BLOCK, TB);
      let column = first_column + 4u * at;
      tile_b[step * PITCH_B + at] = vec4f(load_b(base_b, column, k + step), load_b(base_b, column + 1u, k + step),
        load_b(base_b, column + 2u, k + step), load_b(base_b, column + 3u, k + step));
    }
    workgroupBarrier(); // the tiles are written before any team reads them
    for (var q = team * STEPS; q < (team + 1u) * STEPS; q++) {
      var w: array<vec4f, WS>;
      for (var j = 0u; j < WS; j++) { // unroll
        w[j] = tile_b[q * PITCH_B + j * ACROSS + x];
        if (SUMS) { totals[j] += w[j]; }
      }
      for (var n = 0u; n < XS; n++) { // unroll
        let v = tile_a[q * PITCH_A + n * DOWN + y];
        for (var i = 0u; i < 4u; i++) { // unroll
          for (var j = 0u; j < WS; j++) { // unroll
            sums[(n * 4u + i) * WS + j] += v[i] * w[j];
          }
        }
      }
    }
    workgroupBarrier(); // all reads are done before the tiles are written again
  }
  for (var other = 1u; other < SPLIT; other++) {
    if (team == other) {
      for (var i = 0u; i < HELD; i++) { shared_sums[i * TEAM + mate] = sums[i]; }
      for (var j = 0u; j < WS; j++) { shared_sums[(HELD + j) * TEAM + mate] = totals[j]; }
    }
    workgroupBarrier(); // the other team's sums are written before the first team reads them
    if (team == 0u) {
      for (var i = 0u; i < HELD; i++) { sums[i] += shared_sums[i * TEAM + mate]; }
      for (var j = 0u; j < WS; j++) { totals[j] += shared_sums[(HELD + j) * TEAM + mate]; }
    }
    workgroupBarrier(); // they are read before the next team writes its own
  }
  for (var j = 0u; j < WS; j++) { // unroll
    for (var u = 0u; u < 4u; u++) { // unroll
      let n = first_column + (j * ACROSS + x) * 4u + u;
      if (n < N && team == 0u) {
        for (var i = 0u; i < ROWS; i++) { // unroll
          let m = first_row + (i / 4u * DOWN + y) * 4u + i % 4u;
          if (m < M) { store((group.z * M + m) * N + n, n, sums[i * WS + j][u]); }
        }
        if (SUMS && group.y == 0u && y == 0u) { store_sum(n, totals[j][u]); }
      }
    }
  }
}
