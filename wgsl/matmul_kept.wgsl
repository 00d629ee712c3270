// C = epilogue(opA(A) opB(B)): ROWS x 4 sums per invocation; A's rows are read once for several tiles of columns.
// Software adapters test and branch for every element they load, not for a private array: that is where A is kept.
// Sums are single numbers, because some drivers copy a vector that lives through a loop once more at every turn.

enable subgroups;

const BATCH: u32 = 1u; // param: independent products, one per z
const M: u32 = 64u; // param: rows of C, a multiple of 4 if TA
const K: u32 = 64u; // param: length of the sums, a multiple of 4
const TA: bool = false; // param: A is stored (K,M)
const TB: bool = false; // param: B is stored (N,K); otherwise N is a multiple of 4
const SUBGROUP: u32 = 8u; // param: lanes of a subgroup on this adapter, as many as a workgroup has
const ROWS: u32 = 32u; // param: rows of a tile, 4 * SUBGROUP
const REST: u32 = 112u; // param: sums of all rows but four
const KEPT: u32 = 64u; // param: steps of k that are kept at a time, divides K, a multiple of 4; C holds the sums between
const TILES: u32 = 8u; // param: tiles of columns of a workgroup
const STEPS: u32 = 2u; // param: steps of k in a turn, 4 if TB
const WIDE: u32 = 4u * SUBGROUP; // columns of a tile
const WHOLE: bool = M % ROWS == 0u && N % WIDE == 0u; // no tile reaches beyond C
const A_STRIDE: u32 = select(K, M, TA) / 4u; // vectors in a stored row
const B_STRIDE: u32 = select(N, K, TB) / 4u;
alias A = f32; // param: elements of a, f32 or f16
alias B = f32; // param: elements of b, f32 or f16

@group(0) @binding(0) var<storage, read> a: array<vec4<A>>; // (batch,M,K/4) or (batch,K,M/4)
@group(0) @binding(1) var<storage, read> b: array<vec4<B>>; // (batch,K,N/4) or (batch,N,K/4)
// include lib/matmul_epilogue.wgsl

var<private> kept: array<vec4f, KEPT>; // by step of k: four rows of A, of all lanes together ROWS

// The two functions return matrices, because an array that is filled in a loop costs some drivers copies at every turn.

// rows of A of STEPS steps of k, one column each
fn rows_at(k: u32) -> mat4x4f {
  if (STEPS == 2u) { return mat4x4f(kept[k], kept[k + 1u], vec4f(), vec4f()); }
  return mat4x4f(kept[k], kept[k + 1u], kept[k + 2u], kept[k + 3u]);
}

// columns of B of STEPS steps of k, one column each; `at` are the vectors of four columns of C, the first one alone if not TB
fn columns_at(at: array<u32, 4>, k: u32) -> mat4x4f {
  if (TB) {
    let i = k / 4u;
    return transpose(mat4x4f(vec4f(b[at[0] + i]), vec4f(b[at[1] + i]), vec4f(b[at[2] + i]), vec4f(b[at[3] + i])));
  }
  return mat4x4f(vec4f(b[at[0] + k * B_STRIDE]), vec4f(b[at[0] + (k + 1u) * B_STRIDE]), vec4f(), vec4f());
}

// `sum` over KEPT steps that begin at `start`
fn put(at: u32, column: u32, start: u32, sum: f32) {
  if (K == KEPT) {
    store(at, column, sum);
  } else {
    var total = sum;
    if (start > 0u && !ACCUMULATE) { total += f32(c[at]); }
    if (start + KEPT >= K) {
      store(at, column, total);
    } else if (ACCUMULATE) {
      c[at] = C(f32(c[at]) + sum);
    } else {
      c[at] = C(total);
    }
  }
}

@compute @workgroup_size(SUBGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let row = group.y * ROWS;
  let tiles = min(TILES, (N + WIDE - 1u) / WIDE - group.x * TILES);
  // out-of-range rows and columns read a valid neighbour and are dropped when stored
  var a_at: array<u32, 4>;
  for (var h = 0u; h < 4u; h++) { // unroll
    a_at[h] = (group.z * M + min(row + 4u * lane + h, M - 1u)) * A_STRIDE;
  }
  if (TA) { a_at[0] = group.z * K * A_STRIDE + min(row / 4u + lane, A_STRIDE - 1u); }
  for (var start = 0u; start < K; start += KEPT) {
    if (TA) {
      for (var k = 0u; k < KEPT; k++) {
        kept[k] = vec4f(a[a_at[0] + (start + k) * A_STRIDE]);
      }
    } else {
      for (var k = 0u; k < KEPT; k += 4u) {
        var x: array<vec4f, 4>; // rows stored along k
        for (var h = 0u; h < 4u; h++) { // unroll
          x[h] = vec4f(a[a_at[h] + (start + k) / 4u]);
        }
        for (var p = 0u; p < 4u; p++) { // unroll
          kept[k + p] = vec4f(x[0][p], x[1][p], x[2][p], x[3][p]);
        }
      }
    }
    for (var tile = 0u; tile < tiles; tile++) {
      let column = (group.x * TILES + tile) * WIDE + 4u * lane;
      var b_at: array<u32, 4>;
      for (var j = 0u; j < 4u; j++) { // unroll
        b_at[j] = (group.z * N + min(column + j, N - 1u)) * B_STRIDE;
      }
      if (!TB) { b_at[0] = group.z * K * B_STRIDE + min(column / 4u, B_STRIDE - 1u); }
      // not without a value: it would not become zero again at the next tile on every driver
      var sums = array<f32, 4u * ROWS>();
      for (var k = 0u; k < KEPT; k += STEPS) {
        let w = columns_at(b_at, start + k);
        let z = rows_at(k);
        for (var i = 0u; i < ROWS; i++) { // unroll
          var value: array<f32, STEPS>;
          for (var p = 0u; p < STEPS; p++) { // unroll
            value[p] = subgroupBroadcast(z[p][i % 4u], i / 4u);
          }
          for (var j = 0u; j < 4u; j++) { // unroll
            var sum = sums[4u * i + j];
            for (var p = 0u; p < STEPS; p++) { // unroll
              sum += value[p] * w[p][j];
            }
            sums[4u * i + j] = sum;
          }
        }
      }
      // four rows at a time move up: 4 * ROWS stores written out take compilers longer than all else
      for (var first = 0u; first < ROWS; first += 4u) {
        for (var i = 0u; i < 4u; i++) { // unroll
          let r = row + first + i;
          for (var j = 0u; j < 4u; j++) { // unroll
            let at = column + j;
            if (WHOLE || (r < M && at < N)) { put((group.z * M + r) * N + at, at, start, sums[4u * i + j]); }
          }
        }
        for (var i = 0u; i < REST; i++) { // unroll
          sums[i] = sums[i + 16u];
        }
      }
    }
  }
  for (var tile = 0u; SUMS && row == 0u && tile < tiles; tile++) {
    let column = (group.x * TILES + tile) * WIDE + 4u * lane;
    for (var j = 0u; j < 4u; j++) { // unroll
      let at = min(column + j, N - 1u);
      var total = 0.0;
      for (var k = 0u; k < K; k++) {
        let k_at = select(k * B_STRIDE + at / 4u, at * B_STRIDE + k / 4u, TB);
        total += f32(b[group.z * K * N / 4u + k_at][select(at, k, TB) % 4u]);
      }
      if (column + j < N) { store_sum(at, total); }
    }
  }
}
