// dw[v] (+)= sum over rows r with ids[r] = v of dx[r]: each invocation looks through all ids for its row of the table

const R: u32 = 8u; // param: tokens
const C: u32 = 16u; // param: width
const V: u32 = 32u; // param: rows of the table
const ACCUMULATE: bool = false; // param: dw += instead of dw =
const VECTORS: u32 = 4u; // of 4 columns, per invocation
const BLOCKS: u32 = (C + 4u * VECTORS - 1u) / (4u * VECTORS);

@group(0) @binding(0) var<storage, read> ids: array<u32>; // (R)
@group(0) @binding(1) var<storage, read> dx: array<f32>; // (R,C)
@group(0) @binding(2) var<storage, read_write> dw: array<f32>; // (V,C)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= V * BLOCKS) { return; }
  let v = i / BLOCKS;
  let first = (i % BLOCKS) * 4u * VECTORS;
  var sums: array<vec4f, VECTORS>;
  for (var r = 0u; r < R; r++) {
    if (ids[r] != v) { continue; }
    let at = r * C;
    for (var j = 0u; j < VECTORS; j++) { // unroll
      // columns past the end read the last one and are dropped below
      let c = min(first + 4u * j + vec4u(0u, 1u, 2u, 3u), vec4u(C - 1u));
      sums[j] += vec4f(dx[at + c.x], dx[at + c.y], dx[at + c.z], dx[at + c.w]);
    }
  }
  for (var j = 0u; j < VECTORS; j++) { // unroll
    for (var u = 0u; u < 4u; u++) {
      let c = first + 4u * j + u;
      if (c >= C) { return; }
      let at = v * C + c;
      if (ACCUMULATE) { dw[at] += sums[j][u]; } else { dw[at] = sums[j][u]; }
    }
  }
}
