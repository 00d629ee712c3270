// out[c] = sum over rows of x[:,c]; one thread per column

const R: u32 = 64u; // param: rows
const C: u32 = 64u; // param: columns
const ACCUMULATE: bool = false; // param: out += instead of out =

@group(0) @binding(0) var<storage, read> x: array<f32>; // (R,C)
@group(0) @binding(1) var<storage, read_write> out: array<f32>; // (C)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= C) { return; }
  // R, but unknown to the compiler: software adapters take seconds to compile what they unroll
  let rows = R + group.z;
  var sum = 0.0;
  for (var r = 0u; r < rows; r++) { sum += x[r * C + i]; }
  if (ACCUMULATE) { out[i] += sum; } else { out[i] = sum; }
}
