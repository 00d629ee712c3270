// squares = (x - mean)^2 mask

const N: u32 = 64u; // param: elements

@group(0) @binding(0) var<storage, read> x: array<f32>; // (N) garbage where mask is 0
@group(0) @binding(1) var<storage, read> mask: array<f32>; // (N)
@group(0) @binding(2) var<storage, read> sums: array<f32>; // (2) sum of x, count
@group(0) @binding(3) var<storage, read_write> squares: array<f32>; // (N,1)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let d = x[i] - sums[0] / max(1.0, sums[1]);
  squares[i] = select(0.0, d * d * mask[i], mask[i] != 0.0);
}
