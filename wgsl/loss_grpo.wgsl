// Per token -min(ratio A, clip(ratio) A) + beta k3 with its slope, summed over each response

const B: u32 = 4u; // param: responses
const G: u32 = 8u; // param: tokens of a response
const CLIP: u32 = 5u; // param: index in knobs
const CLIP_HIGH: u32 = 10u; // param: index in knobs
const BETA: u32 = 1u; // param: index in knobs
const COLUMNS: u32 = 6u; // mean loss, sum of loss, of k3, of clipped low, of clipped high, length

@group(0) @binding(0) var<storage, read> lp: array<f32>; // (B,G) garbage where mask is 0
@group(0) @binding(1) var<storage, read> old: array<f32>; // (B,G) lp when sampled
@group(0) @binding(2) var<storage, read> reference: array<f32>; // (B,G)
@group(0) @binding(3) var<storage, read> advantages: array<f32>; // (B)
@group(0) @binding(4) var<storage, read> mask: array<f32>; // (B,G)
@group(0) @binding(5) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(6) var<storage, read_write> rows: array<f32>; // (B,COLUMNS)
@group(0) @binding(7) var<storage, read_write> slopes: array<f32>; // (B,G) d loss / d lp of each token

// exp(d) - 1 - d; the series keeps the digits that the subtraction would lose
fn excess(d: f32) -> f32 {
  let series = d * d * (0.5 + d * (1.0 / 6.0 + d * (1.0 / 24.0 + d * (1.0 / 120.0
    + d * (1.0 / 720.0 + d * (1.0 / 5040.0 + d * (1.0 / 40320.0)))))));
  return select(exp(min(d, 80.0)) - 1.0 - d, series, abs(d) < 0.5);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let b = (group.y * groups.x + group.x) * 64u + lane;
  if (b >= B) { return; }
  let lowest = 1.0 - knobs[CLIP];
  let highest = 1.0 + knobs[CLIP_HIGH];
  let beta = knobs[BETA];
  let A = advantages[b];
  var loss = 0.0;
  var divergence = 0.0;
  var low = 0.0;
  var high = 0.0;
  var length = 0.0;
  for (var i = b * G; i < (b + 1u) * G; i++) {
    let real = mask[i] != 0.0;
    let ratio = exp(select(0.0, clamp(lp[i] - old[i], -80.0, 80.0), real));
    let bounded = clamp(ratio, lowest, highest) * A;
    let d = select(0.0, max(lp[i] - reference[i], -80.0), real);
    let k = excess(-d);
    let unclipped = select(0.0, ratio * A, ratio * A <= bounded);
    slopes[i] = select(0.0, beta * (d - k) - unclipped, real);
    loss += select(0.0, beta * k - min(ratio * A, bounded), real);
    divergence += k;
    low += select(0.0, 1.0, ratio < lowest && A < 0.0);
    high += select(0.0, 1.0, ratio > highest && A > 0.0);
    length += select(0.0, 1.0, real);
  }
  let at = b * COLUMNS;
  rows[at] = loss / max(1.0, length);
  rows[at + 1u] = loss;
  rows[at + 2u] = divergence;
  rows[at + 3u] = low;
  rows[at + 4u] = high;
  rows[at + 5u] = length;
}
