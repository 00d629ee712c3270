// dx = dy, for an operand that cannot share the derivative of the sum

const N: u32 = 256u; // param: number of elements
const ACCUMULATE: bool = false; // param: dx += instead of dx =

@group(0) @binding(0) var<storage, read> dy: array<f32>; // (N)
@group(0) @binding(1) var<storage, read_write> dx: array<f32>; // (N)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  if (ACCUMULATE) { dx[i] += dy[i]; } else { dx[i] = dy[i]; }
}
