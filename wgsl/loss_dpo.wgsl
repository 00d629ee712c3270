// Per pair: the loss of h = (lp - reference) of the chosen minus that of the rejected, and the implicit rewards

const N: u32 = 8u; // param: pairs
const KIND: u32 = 0u; // param: 0 = sigmoid, 1 = IPO, 2 = hinge
const BETA: u32 = 1u; // param: index in knobs
const SMOOTHING: u32 = 11u; // param: index in knobs
const COLUMNS: u32 = 6u; // loss, chosen reward, rejected reward, margin, right order, 1

@group(0) @binding(0) var<storage, read> lp: array<f32>; // (2N) chosen, then rejected
@group(0) @binding(1) var<storage, read> reference: array<f32>; // (2N)
@group(0) @binding(2) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(3) var<storage, read_write> pairs: array<f32>; // (N,COLUMNS)

// log(1 + exp(x)); the series keeps the digits that 1 + e would lose
fn softplus(x: f32) -> f32 {
  let e = exp(-min(abs(x), 80.0));
  let series = e * (1.0 - e * (0.5 - e * (1.0 / 3.0 - 0.25 * e)));
  return max(x, 0.0) + select(log(1.0 + e), series, e < 0.03);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let beta = knobs[BETA];
  let c = lp[i] - reference[i];
  let r = lp[N + i] - reference[N + i];
  let x = beta * (c - r);
  let gap = c - r - 0.5 / beta;
  var loss = (1.0 - knobs[SMOOTHING]) * softplus(-x) + knobs[SMOOTHING] * softplus(x);
  if (KIND == 1u) { loss = gap * gap; }
  if (KIND == 2u) { loss = max(0.0, 1.0 - x); }
  let at = i * COLUMNS;
  pairs[at] = loss;
  pairs[at + 1u] = beta * c;
  pairs[at + 2u] = beta * r;
  pairs[at + 3u] = x;
  pairs[at + 4u] = select(0.0, 1.0, beta * c > beta * r);
  pairs[at + 5u] = 1.0;
}
