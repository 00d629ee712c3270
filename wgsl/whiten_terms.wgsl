// terms = x mask, mask: what the masked mean is made of

const N: u32 = 64u; // param: elements

@group(0) @binding(0) var<storage, read> x: array<f32>; // (N) garbage where mask is 0
@group(0) @binding(1) var<storage, read> mask: array<f32>; // (N)
@group(0) @binding(2) var<storage, read_write> terms: array<f32>; // (N,2)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  terms[2u * i] = select(0.0, x[i] * mask[i], mask[i] != 0.0);
  terms[2u * i + 1u] = mask[i];
}
