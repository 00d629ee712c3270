// Per response: the sums behind objective/* of a rollout

const B: u32 = 4u; // param: responses
const G: u32 = 8u; // param: tokens of a response
const BETA: u32 = 1u; // param: index in knobs
const COLUMNS: u32 = 10u; // see ROLLOUT_STATS; the last two are maxima

@group(0) @binding(0) var<storage, read> kl: array<f32>; // (B,G) 0 outside the mask
@group(0) @binding(1) var<storage, read> lp: array<f32>; // (B,G) garbage where mask is 0
@group(0) @binding(2) var<storage, read> mask: array<f32>; // (B,G)
@group(0) @binding(3) var<storage, read> scores: array<f32>; // (B) as used
@group(0) @binding(4) var<storage, read> ended: array<f32>; // (B)
@group(0) @binding(5) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(6) var<storage, read_write> terms: array<f32>; // (B,COLUMNS)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let b = (group.y * groups.x + group.x) * 64u + lane;
  if (b >= B) { return; }
  var divergence = 0.0;
  var entropy = 0.0;
  var length = 0.0;
  for (var i = b * G; i < (b + 1u) * G; i++) {
    let real = mask[i] != 0.0;
    divergence += select(0.0, kl[i], real);
    entropy -= select(0.0, lp[i], real);
    length += mask[i];
  }
  let at = b * COLUMNS;
  let penalty = -knobs[BETA] * divergence;
  terms[at] = divergence;
  terms[at + 1u] = entropy;
  terms[at + 2u] = penalty;
  terms[at + 3u] = scores[b];
  terms[at + 4u] = scores[b] + penalty;
  terms[at + 5u] = ended[b];
  terms[at + 6u] = length;
  terms[at + 7u] = 1.0;
  terms[at + 8u] = knobs[BETA];
  terms[at + 9u] = length;
}
