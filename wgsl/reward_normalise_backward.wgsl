// dx = gain dy, or dy

const N: u32 = 64u; // param: number of scores
const UNIT: bool = true; // param: multiply by the gain
const ACCUMULATE: bool = false; // param: dx += instead of dx =

@group(0) @binding(0) var<storage, read> dy: array<f32>; // (N)
@group(0) @binding(1) var<storage, read> moments: array<f32>; // (2): bias, gain
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // (N)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let d = dy[i] * select(1.0, moments[1], UNIT);
  if (ACCUMULATE) { dx[i] += d; } else { dx[i] = d; }
}
