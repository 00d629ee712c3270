// squares = (ret - mean ret)^2 mask, (e - mean e)^2 mask, e = ret - v

const N: u32 = 64u; // param: tokens

@group(0) @binding(0) var<storage, read> values: array<f32>; // (N) garbage where mask is 0
@group(0) @binding(1) var<storage, read> returns: array<f32>; // (N)
@group(0) @binding(2) var<storage, read> mask: array<f32>; // (N)
@group(0) @binding(3) var<storage, read> sums: array<f32>; // (8) column sums of loss_ppo_value's terms
@group(0) @binding(4) var<storage, read_write> squares: array<f32>; // (N,2)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let count = max(1.0, sums[7]);
  let d = returns[i] - sums[5] / count;
  let e = returns[i] - values[i] - sums[6] / count;
  let real = mask[i] != 0.0;
  squares[2u * i] = select(0.0, d * d, real);
  squares[2u * i + 1u] = select(0.0, e * e, real);
}
