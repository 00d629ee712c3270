// dx[b,j] = dy[b] mask[b,j]

const B: u32 = 4u; // param: sequences
const G: u32 = 8u; // param: tokens of a sequence
const ACCUMULATE: bool = false; // param: dx += instead of dx =

@group(0) @binding(0) var<storage, read> dy: array<f32>; // (B)
@group(0) @binding(1) var<storage, read> mask: array<f32>; // (B,G)
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // (B,G)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= B * G) { return; }
  let d = dy[i / G] * mask[i];
  if (ACCUMULATE) { dx[i] += d; } else { dx[i] = d; }
}
