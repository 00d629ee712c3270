// Per response: -A sum(lp), or -min(s A, clip(s) A) with s = exp(sum(lp - old)), and the slope in each lp

const B: u32 = 4u; // param: responses
const G: u32 = 8u; // param: tokens of a response
const CLIPPED: bool = false; // param: the second form
const CLIP: u32 = 5u; // param: index in knobs

@group(0) @binding(0) var<storage, read> lp: array<f32>; // (B,G) garbage where mask is 0
@group(0) @binding(1) var<storage, read> old: array<f32>; // (B,G) lp when sampled
@group(0) @binding(2) var<storage, read> advantages: array<f32>; // (B)
@group(0) @binding(3) var<storage, read> mask: array<f32>; // (B,G)
@group(0) @binding(4) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(5) var<storage, read_write> terms: array<f32>; // (B,2) loss, 1
@group(0) @binding(6) var<storage, read_write> slopes: array<f32>; // (B)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let b = (group.y * groups.x + group.x) * 64u + lane;
  if (b >= B) { return; }
  let A = advantages[b];
  var sum = 0.0;
  for (var i = b * G; i < (b + 1u) * G; i++) {
    var value = lp[i];
    if (CLIPPED) { value -= old[i]; }
    sum += select(0.0, value, mask[i] != 0.0);
  }
  let ratio = exp(clamp(sum, -80.0, 80.0));
  let bounded = clamp(ratio, 1.0 - knobs[CLIP], 1.0 + knobs[CLIP]) * A;
  let clipped_slope = select(0.0, -ratio * A, ratio * A <= bounded);
  terms[2u * b] = select(-A * sum, -min(ratio * A, bounded), CLIPPED);
  terms[2u * b + 1u] = 1.0;
  slopes[b] = select(-A, clipped_slope, CLIPPED);
}
