// returns = score - beta (sum of lp - reference over the mask), lp of the policy that sampled

const B: u32 = 4u; // param: responses
const G: u32 = 8u; // param: tokens of a response
const BETA: u32 = 1u; // param: index in knobs

@group(0) @binding(0) var<storage, read> scores: array<f32>; // (B)
@group(0) @binding(1) var<storage, read> old: array<f32>; // (B,G) lp when sampled, garbage where mask is 0
@group(0) @binding(2) var<storage, read> reference: array<f32>; // (B,G)
@group(0) @binding(3) var<storage, read> mask: array<f32>; // (B,G)
@group(0) @binding(4) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(5) var<storage, read_write> returns: array<f32>; // (B)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let b = (group.y * groups.x + group.x) * 64u + lane;
  if (b >= B) { return; }
  var kl = 0.0;
  for (var i = b * G; i < (b + 1u) * G; i++) {
    kl += select(0.0, old[i] - reference[i], mask[i] != 0.0);
  }
  returns[b] = scores[b] - knobs[BETA] * kl;
}
