// Per token: max(-A ratio, -A clip(ratio)) - c entropy and the statistics of PPO's policy loss

const N: u32 = 64u; // param: tokens
const CLIP: u32 = 5u; // param: index in knobs
const ENTROPY: u32 = 8u; // param: index in knobs
const COLUMNS: u32 = 10u; // loss, policy loss, entropy, k2, k3, clipped, ratio, 1; maxima: ratio, |ratio - 1|

@group(0) @binding(0) var<storage, read> lp: array<f32>; // (N) garbage where mask is 0
@group(0) @binding(1) var<storage, read> old: array<f32>; // (N) lp when sampled
@group(0) @binding(2) var<storage, read> advantages: array<f32>; // (N)
@group(0) @binding(3) var<storage, read> mask: array<f32>; // (N)
@group(0) @binding(4) var<storage, read> entropy: array<f32>; // (N)
@group(0) @binding(5) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(6) var<storage, read_write> terms: array<f32>; // (N,COLUMNS)

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
  if (i >= N) { return; }
  let at = i * COLUMNS;
  if (mask[i] == 0.0) {
    for (var c = 0u; c < COLUMNS; c++) { terms[at + c] = 0.0; }
    return;
  }
  let diff = clamp(lp[i] - old[i], -80.0, 80.0);
  let ratio = exp(diff);
  let clip = knobs[CLIP];
  let pg1 = -advantages[i] * ratio;
  let pg2 = -advantages[i] * clamp(ratio, 1.0 - clip, 1.0 + clip);
  let loss = max(pg1, pg2);
  terms[at] = loss - knobs[ENTROPY] * entropy[i];
  terms[at + 1u] = loss;
  terms[at + 2u] = entropy[i];
  terms[at + 3u] = 0.5 * diff * diff;
  terms[at + 4u] = excess(diff);
  terms[at + 5u] = select(0.0, 1.0, pg2 > pg1);
  terms[at + 6u] = ratio;
  terms[at + 7u] = 1.0;
  terms[at + 8u] = ratio;
  terms[at + 9u] = abs(ratio - 1.0);
}
