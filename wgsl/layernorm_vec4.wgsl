// layernorm with vector loads; one thread per row

const R: u32 = 64u; // param: rows
const C: u32 = 64u; // param: columns, a multiple of 4
const EPS: f32 = 0.00001; // param: added inside the root

@group(0) @binding(0) var<storage, read> x: array<vec4f>; // (R,C/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>; // (C/4)
@group(0) @binding(2) var<storage, read> b: array<vec4f>; // (C/4)
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>; // (R,C/4)
@group(0) @binding(4) var<storage, read_write> stats: array<f32>; // (R,2): mean, 1 / sqrt(var + eps)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= R) { return; }
  // C / 4, but unknown to the compiler: software adapters take seconds to compile what they unroll
  let width = C / 4u + group.z;
  let at = i * width;
  var s = vec4f();
  for (var c = 0u; c < width; c++) { s += x[at + c]; }
  let mean = (s.x + s.y + s.z + s.w) / f32(C);
  var q = vec4f();
  for (var c = 0u; c < width; c++) {
    let d = x[at + c] - mean;
    q += d * d;
  }
  let inverse = 1.0 / sqrt((q.x + q.y + q.z + q.w) / f32(C) + EPS);
  for (var c = 0u; c < width; c++) { y[at + c] = (x[at + c] - mean) * inverse * w[c] + b[c]; }
  stats[2u * i] = mean;
  stats[2u * i + 1u] = inverse;
}
