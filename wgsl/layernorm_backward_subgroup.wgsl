// layernorm_backward with a subgroup per row: each operand is read once, sums go across lanes
enable subgroups;

const R: u32 = 64u; // param: rows
const C: u32 = 64u; // param: columns, a multiple of 4
const ACCUMULATE: bool = false; // param: dx += instead of dx =
const SUBGROUP: u32 = 8u; // param: lanes of a subgroup on this adapter
const ROWS: u32 = 8u; // param: rows of a workgroup, a subgroup each
const VECTORS: u32 = 2u; // param: vectors of a row that each lane has
const WIDTH: u32 = C / 4u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>; // (R,C/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>; // (C/4)
@group(0) @binding(2) var<storage, read> stats: array<f32>; // (R,2)
@group(0) @binding(3) var<storage, read> dy: array<vec4f>; // (R,C/4)
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>; // (R,C/4)

@compute @workgroup_size(ROWS * SUBGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) index: u32, @builtin(subgroup_invocation_id) lane: u32) {
  let row = (group.y * groups.x + group.x) * ROWS + index / SUBGROUP;
  // rows beyond the last compute it again and store nothing
  let r = min(row, R - 1u);
  let at = r * WIDTH;
  let mean = stats[2u * r];
  let inverse = stats[2u * r + 1u];
  var n = array<vec4f, VECTORS>();
  var g = array<vec4f, VECTORS>();
  var s = vec4f();
  var p = vec4f();
  for (var j = 0u; j < VECTORS; j++) { // unroll
    let c = min(j * SUBGROUP + lane, WIDTH - 1u);
    n[j] = (x[at + c] - mean) * inverse;
    g[j] = select(vec4f(), dy[at + c] * w[c], j * SUBGROUP + lane < WIDTH);
    s += g[j];
    p += g[j] * n[j];
  }
  let sum = subgroupAdd(s.x + s.y + s.z + s.w) / f32(C);
  let product = subgroupAdd(p.x + p.y + p.z + p.w) / f32(C);
  if (row < R) {
    for (var j = 0u; j < VECTORS; j++) { // unroll
      let c = j * SUBGROUP + lane;
      if (c < WIDTH) {
        let d = (g[j] - sum - n[j] * product) * inverse;
        if (ACCUMULATE) { dx[at + c] += d; } else { dx[at + c] = d; }
      }
    }
  }
}
