// C = epilogue(opA(A) opB(B)): each invocation computes a 4 x 4 tile in registers, without barriers

const BATCH: u32 = 1u; // param: independent products, one per z
const M: u32 = 64u; // param: rows of C
const K: u32 = 64u; // param: length of the sums
const TA: bool = false; // param: A is stored (K,M)
const TB: bool = false; // param: B is stored (N,K)
const AM: u32 = select(K, 1u, TA); // stride of a row of opA(A)
const AK: u32 = select(1u, M, TA);
const BK: u32 = select(N, 1u, TB);
const BN: u32 = select(1u, K, TB);
const TILES_N: u32 = (N + 3u) / 4u;
const TILES_M: u32 = (M + 3u) / 4u;
alias A = f32; // param: elements of a, f32 or f16
alias B = f32; // param: elements of b, f32 or f16

@group(0) @binding(0) var<storage, read> a: array<A>; // (batch,M,K) or (batch,K,M)
@group(0) @binding(1) var<storage, read> b: array<B>; // (batch,K,N) or (batch,N,K)
// include lib/matmul_epilogue.wgsl

fn store_row(row: u32, column: u32, base: u32, value: vec4f) {
  if (row >= M) { return; }
  for (var j = 0u; j < 4u; j++) {
    if (column + j < N) { store(base + row * N + column + j, column + j, value[j]); }
  }
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let tile = (group.y * groups.x + group.x) * 32u + lane;
  if (tile >= TILES_M * TILES_N || group.z >= BATCH) { return; }
  let column = (tile % TILES_N) * 4u;
  let row = (tile / TILES_N) * 4u;
  // out-of-range rows and columns read a valid neighbour and are dropped when stored
  let base_a = group.z * M * K;
  let r0 = base_a + row * AM;
  let r1 = base_a + min(row + 1u, M - 1u) * AM;
  let r2 = base_a + min(row + 2u, M - 1u) * AM;
  let r3 = base_a + min(row + 3u, M - 1u) * AM;
  let base_b = group.z * N * K;
  let n0 = base_b + column * BN;
  let n1 = base_b + min(column + 1u, N - 1u) * BN;
  let n2 = base_b + min(column + 2u, N - 1u) * BN;
  let n3 = base_b + min(column + 3u, N - 1u) * BN;
  var c0 = vec4f();
  var c1 = vec4f();
  var c2 = vec4f();
  var c3 = vec4f();
  for (var k = 0u; k < K; k++) {
    let kb = k * BK;
    let w = vec4f(vec4(b[n0 + kb], b[n1 + kb], b[n2 + kb], b[n3 + kb]));
    let ka = k * AK;
    c0 += f32(a[r0 + ka]) * w;
    c1 += f32(a[r1 + ka]) * w;
    c2 += f32(a[r2 + ka]) * w;
    c3 += f32(a[r3 + ka]) * w;
  }
  let base_c = group.z * M * N;
  store_row(row, column, base_c, c0);
  store_row(row + 1u, column, base_c, c1);
  store_row(row + 2u, column, base_c, c2);
  store_row(row + 3u, column, base_c, c3);
  if (SUMS && row == 0u) {
    var sums = vec4f();
    for (var k = 0u; k < K; k++) {
      let kb = k * BK;
      sums += vec4f(vec4(b[n0 + kb], b[n1 + kb], b[n2 + kb], b[n3 + kb]));
    }
    for (var j = 0u; j < 4u; j++) {
      if (column + j < N) { store_sum(column + j, sums[j]); }
    }
  }
}
