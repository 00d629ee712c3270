// The score of each response after what a missing EOS costs

const B: u32 = 4u; // param: responses
const MODE: u32 = 0u; // param: 0 = the score as it is, 1 = minus the knob without EOS, 2 = the knob instead
const MISSING_EOS: u32 = 2u; // param: index in knobs

@group(0) @binding(0) var<storage, read> scores: array<f32>; // (B)
@group(0) @binding(1) var<storage, read> ended: array<f32>; // (B) 1 if the response contains EOS
@group(0) @binding(2) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(3) var<storage, read_write> used: array<f32>; // (B)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let b = (group.y * groups.x + group.x) * 64u + lane;
  if (b >= B) { return; }
  var score = scores[b];
  let knob = knobs[MISSING_EOS];
  if (MODE == 1u) { score -= knob * (1.0 - ended[b]); }
  if (MODE == 2u) { score = select(knob, score, ended[b] > 0.0); }
  used[b] = score;
}
