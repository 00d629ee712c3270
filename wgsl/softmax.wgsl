// p = exp(z - max z) / sum over the last axis; one thread per row

const R: u32 = 64u; // param: rows
const C: u32 = 64u; // param: columns

@group(0) @binding(0) var<storage, read> z: array<f32>; // (R,C)
@group(0) @binding(1) var<storage, read_write> p: array<f32>; // (R,C)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= R) { return; }
  let at = i * C;
  // C, but unknown to the compiler: software adapters take seconds to compile what they unroll
  let width = C + group.z;
  var highest = z[at];
  for (var c = 1u; c < width; c++) { highest = max(highest, z[at + c]); }
  var sum = 0.0;
  for (var c = 0u; c < width; c++) {
    let e = exp(z[at + c] - highest);
    p[at + c] = e;
    sum += e;
  }
  for (var c = 0u; c < width; c++) { p[at + c] /= sum; }
}
