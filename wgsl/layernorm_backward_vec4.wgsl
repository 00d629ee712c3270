// layernorm_backward with vector loads; one thread per row

const R: u32 = 64u; // param: rows
const C: u32 = 64u; // param: columns, a multiple of 4
const ACCUMULATE: bool = false; // param: dx += instead of dx =

@group(0) @binding(0) var<storage, read> x: array<vec4f>; // (R,C/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>; // (C/4)
@group(0) @binding(2) var<storage, read> stats: array<f32>; // (R,2)
@group(0) @binding(3) var<storage, read> dy: array<vec4f>; // (R,C/4)
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>; // (R,C/4)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= R) { return; }
  // C / 4, but unknown to the compiler: software adapters take seconds to compile what they unroll
  let width = C / 4u + group.z;
  let at = i * width;
  let mean = stats[2u * i];
  let inverse = stats[2u * i + 1u];
  var s = vec4f();
  var p = vec4f();
  for (var c = 0u; c < width; c++) {
    let g = dy[at + c] * w[c];
    s += g;
    p += g * (x[at + c] - mean) * inverse;
  }
  let sum = (s.x + s.y + s.z + s.w) / f32(C);
  let product = (p.x + p.y + p.z + p.w) / f32(C);
  for (var c = 0u; c < width; c++) {
    let d = (dy[at + c] * w[c] - sum - (x[at + c] - mean) * inverse * product) * inverse;
    if (ACCUMULATE) { dx[at + c] += d; } else { dx[at + c] = d; }
  }
}
