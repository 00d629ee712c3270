// y[b] = sum of x[b,:] over the mask

const B: u32 = 4u; // param: sequences
const G: u32 = 8u; // param: tokens of a sequence

@group(0) @binding(0) var<storage, read> x: array<f32>; // (B,G) garbage where mask is 0
@group(0) @binding(1) var<storage, read> mask: array<f32>; // (B,G)
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // (B)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let b = (group.y * groups.x + group.x) * 64u + lane;
  if (b >= B) { return; }
  var sum = 0.0;
  for (var i = b * G; i < (b + 1u) * G; i++) { sum += select(0.0, x[i] * mask[i], mask[i] != 0.0); }
  y[b] = sum;
}
