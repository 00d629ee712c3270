// embedding_backward, four ids and 32 columns at once: dw[v] (+)= sum over rows r with ids[r] = v of dx[r]

const R: u32 = 8u; // param: tokens, a multiple of 4
const C: u32 = 16u; // param: width, a multiple of 4
const V: u32 = 32u; // param: rows of the table
const ACCUMULATE: bool = false; // param: dw += instead of dw =
const VECTORS: u32 = 8u; // of 4 columns, per invocation
const STRIDE: u32 = C / 4u; // vectors in a row
const BLOCKS: u32 = (STRIDE + VECTORS - 1u) / VECTORS;

@group(0) @binding(0) var<storage, read> ids: array<vec4u>; // (R/4)
@group(0) @binding(1) var<storage, read> dx: array<vec4f>; // (R,C/4)
@group(0) @binding(2) var<storage, read_write> dw: array<vec4f>; // (V,C/4)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= V * BLOCKS) { return; }
  let v = i / BLOCKS;
  let first = (i % BLOCKS) * VECTORS;
  var sums: array<vec4f, VECTORS>;
  for (var r = 0u; r < R / 4u; r++) {
    let found = ids[r] == vec4u(v);
    // a loop that runs once or never, because SwiftShader goes through what an if skips
    for (var some = any(found); some; some = false) {
      for (var u = 0u; u < 4u; u++) {
        for (var here = found[u]; here; here = false) {
          for (var j = 0u; j < VECTORS; j++) { // unroll
            // columns past the end read the last ones and are dropped below
            sums[j] += dx[(4u * r + u) * STRIDE + min(first + j, STRIDE - 1u)];
          }
        }
      }
    }
  }
  for (var j = 0u; j < VECTORS; j++) { // unroll
    if (first + j < STRIDE) {
      let at = v * STRIDE + first + j;
      if (ACCUMULATE) { dw[at] += sums[j]; } else { dw[at] = sums[j]; }
    }
  }
}
