// dlp = slope of the response, mask / B

const B: u32 = 4u; // param: responses
const G: u32 = 8u; // param: tokens of a response
const ACCUMULATE: bool = false; // param: dlp += instead of dlp =

@group(0) @binding(0) var<storage, read> slopes: array<f32>; // (B)
@group(0) @binding(1) var<storage, read> mask: array<f32>; // (B,G)
@group(0) @binding(2) var<storage, read_write> dlp: array<f32>; // (B,G)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= B * G) { return; }
  let d = slopes[i / G] * mask[i] / f32(B);
  if (ACCUMULATE) { dlp[i] += d; } else { dlp[i] = d; }
}
