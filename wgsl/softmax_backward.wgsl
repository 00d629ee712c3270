// dz = p (dp - sum(dp p)); one thread per row

const R: u32 = 64u; // param: rows
const C: u32 = 64u; // param: columns
const ACCUMULATE: bool = false; // param: dz += instead of dz =

@group(0) @binding(0) var<storage, read> p: array<f32>; // (R,C)
@group(0) @binding(1) var<storage, read> dp: array<f32>; // (R,C)
@group(0) @binding(2) var<storage, read_write> dz: array<f32>; // (R,C)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= R) { return; }
  let at = i * C;
  // C, but unknown to the compiler: software adapters take seconds to compile what they unroll
  let width = C + group.z;
  var sum = 0.0;
  for (var c = 0u; c < width; c++) { sum += dp[at + c] * p[at + c]; }
  for (var c = 0u; c < width; c++) {
    let d = p[at + c] * (dp[at + c] - sum);
    if (ACCUMULATE) { dz[at + c] += d; } else { dz[at + c] = d; }
  }
}
