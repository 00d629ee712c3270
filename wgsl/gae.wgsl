// A_t = delta_t + gamma lambda A_t+1, delta_t = r_t + gamma V_t+1 - V_t; one thread per response, from its end

const B: u32 = 4u; // param: responses
const G: u32 = 8u; // param: tokens of a response
const GAMMA: u32 = 3u; // param: index in knobs
const LAMBDA: u32 = 4u; // param: index in knobs
const BOOTSTRAP: bool = false; // param: V after the last token; otherwise 0, and bootstrap is any tensor

@group(0) @binding(0) var<storage, read> rewards: array<f32>; // (B,G)
@group(0) @binding(1) var<storage, read> values: array<f32>; // (B,G) garbage where mask is 0
@group(0) @binding(2) var<storage, read> mask: array<f32>; // (B,G) a prefix of ones
@group(0) @binding(3) var<storage, read> bootstrap: array<f32>; // (B)
@group(0) @binding(4) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(5) var<storage, read_write> advantages: array<f32>; // (B,G)
@group(0) @binding(6) var<storage, read_write> returns: array<f32>; // (B,G)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let b = (group.y * groups.x + group.x) * 64u + lane;
  if (b >= B) { return; }
  let gamma = knobs[GAMMA];
  let decay = gamma * knobs[LAMBDA];
  var advantage = 0.0;
  var next_value = 0.0;
  if (BOOTSTRAP) { next_value = bootstrap[b]; }
  for (var k = 1u; k <= G; k++) {
    let at = b * G + G - k;
    let real = mask[at] != 0.0;
    let value = values[at];
    let delta = rewards[at] + gamma * next_value - value;
    advantage = select(0.0, delta + decay * advantage, real);
    next_value = select(next_value, value, real);
    advantages[at] = advantage;
    returns[at] = select(0.0, advantage + value, real);
  }
}
