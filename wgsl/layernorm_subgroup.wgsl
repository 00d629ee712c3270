// layernorm with a subgroup per row: lanes load neighbouring vectors, keep them in registers and add up across lanes
enable subgroups;

const R: u32 = 64u; // param: rows
const C: u32 = 64u; // param: columns, a multiple of 4
const EPS: f32 = 0.00001; // param: added inside the root
const SUBGROUP: u32 = 8u; // param: lanes of a subgroup on this adapter
const ROWS: u32 = 8u; // param: rows of a workgroup, a subgroup each
const VECTORS: u32 = 2u; // param: vectors of a row that each lane has
const WIDTH: u32 = C / 4u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>; // (R,C/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>; // (C/4)
@group(0) @binding(2) var<storage, read> b: array<vec4f>; // (C/4)
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>; // (R,C/4)
@group(0) @binding(4) var<storage, read_write> stats: array<f32>; // (R,2): mean, 1 / sqrt(var + eps)

@compute @workgroup_size(ROWS * SUBGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) index: u32, @builtin(subgroup_invocation_id) lane: u32) {
  let row = (group.y * groups.x + group.x) * ROWS + index / SUBGROUP;
  // rows beyond the last compute it again and store nothing
  let at = min(row, R - 1u) * WIDTH;
  var v = array<vec4f, VECTORS>();
  var s = vec4f();
  for (var j = 0u; j < VECTORS; j++) { // unroll
    let c = j * SUBGROUP + lane;
    v[j] = select(vec4f(), x[at + min(c, WIDTH - 1u)], c < WIDTH);
    s += v[j];
  }
  let mean = subgroupAdd(s.x + s.y + s.z + s.w) / f32(C);
  var q = vec4f();
  for (var j = 0u; j < VECTORS; j++) { // unroll
    v[j] -= mean;
    q += select(vec4f(), v[j] * v[j], j * SUBGROUP + lane < WIDTH);
  }
  let inverse = 1.0 / sqrt(subgroupAdd(q.x + q.y + q.z + q.w) / f32(C) + EPS);
  if (row < R) {
    for (var j = 0u; j < VECTORS; j++) { // unroll
      let c = j * SUBGROUP + lane;
      if (c < WIDTH) { y[at + c] = v[j] * inverse * w[c] + b[c]; }
    }
    if (lane == 0u) {
      stats[2u * row] = mean;
      stats[2u * row + 1u] = inverse;
    }
  }
}
