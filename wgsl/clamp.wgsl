// y = x clamped to +-LIMIT

const N: u32 = 64u; // param: elements
const LIMIT: f32 = 1.0; // param: largest magnitude

@group(0) @binding(0) var<storage, read> x: array<f32>; // (N)
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // (N)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  y[i] = clamp(x[i], -LIMIT, LIMIT);
}
