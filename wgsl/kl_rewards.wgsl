// rewards = -beta kl at every token of the mask, plus the score at its last one

const B: u32 = 4u; // param: responses
const G: u32 = 8u; // param: tokens of a response
const ESTIMATOR: u32 = 1u; // param: kl is estimator k1, k2 or k3
const BETA: u32 = 1u; // param: index in knobs

@group(0) @binding(0) var<storage, read> used: array<f32>; // (B) scores
@group(0) @binding(1) var<storage, read> lp: array<f32>; // (B,G) garbage where mask is 0
@group(0) @binding(2) var<storage, read> reference: array<f32>; // (B,G) garbage where mask is 0
@group(0) @binding(3) var<storage, read> mask: array<f32>; // (B,G) a prefix of ones
@group(0) @binding(4) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(5) var<storage, read_write> rewards: array<f32>; // (B,G)
@group(0) @binding(6) var<storage, read_write> kl: array<f32>; // (B,G)

// exp(d) - 1 - d; the series keeps the digits that the subtraction would lose
fn excess(d: f32) -> f32 {
  let series = d * d * (0.5 + d * (1.0 / 6.0 + d * (1.0 / 24.0 + d * (1.0 / 120.0
    + d * (1.0 / 720.0 + d * (1.0 / 5040.0 + d * (1.0 / 40320.0)))))));
  return select(exp(min(d, 80.0)) - 1.0 - d, series, abs(d) < 0.5);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= B * G) { return; }
  let real = mask[i] != 0.0;
  let d = select(0.0, lp[i] - reference[i], real);
  var k = d;
  if (ESTIMATOR == 2u) { k = 0.5 * d * d; }
  if (ESTIMATOR == 3u) { k = excess(-d); }
  let j = i % G;
  let last = real && (j + 1u == G || mask[min(i + 1u, B * G - 1u)] == 0.0);
  kl[i] = k;
  rewards[i] = select(0.0, used[i / G], last) - knobs[BETA] * k;
}
