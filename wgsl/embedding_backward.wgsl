// dw[v] (+)= sum over rows r with ids[r] = v of dx[r]: each invocation looks through all ids for its row of the table

const R: u32 = 8u; // param: tokens
const C: u32 = 16u; // param: width
const V: u32 = 32u; // param: rows of the table
const ACCUMULATE: bool = false; // param: dw += instead of dw =
const BLOCKS: u32 = (C + 3u) / 4u;

@group(0) @binding(0) var<storage, read> ids: array<u32>; // (R)
@group(0) @binding(1) var<storage, read> dx: array<f32>; // (R,C)
@group(0) @binding(2) var<storage, read_write> dw: array<f32>; // (V,C)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= V * BLOCKS) { return; }
  let v = i / BLOCKS;
  let first = (i % BLOCKS) * 4u;
  var sum = vec4f();
  for (var r = 0u; r < R; r++) {
    if (ids[r] != v) { continue; }
    let at = r * C;
    // columns past the end read the last one and are dropped below
    sum += vec4f(dx[at + first], dx[at + min(first + 1u, C - 1u)],
                 dx[at + min(first + 2u, C - 1u)], dx[at + min(first + 3u, C - 1u)]);
  }
  for (var j = 0u; j < 4u; j++) {
    if (first + j >= C) { return; }
    let at = v * C + first + j;
    if (ACCUMULATE) { dw[at] += sum[j]; } else { dw[at] = sum[j]; }
  }
}
