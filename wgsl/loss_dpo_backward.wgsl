// dlp = dloss/dh / N for the chosen, minus that for the rejected

const N: u32 = 8u; // param: pairs
const KIND: u32 = 0u; // param: 0 = sigmoid, 1 = IPO, 2 = hinge
const BETA: u32 = 1u; // param: index in knobs
const SMOOTHING: u32 = 11u; // param: index in knobs
const ACCUMULATE: bool = false; // param: dlp += instead of dlp =

@group(0) @binding(0) var<storage, read> lp: array<f32>; // (2N) chosen, then rejected
@group(0) @binding(1) var<storage, read> reference: array<f32>; // (2N)
@group(0) @binding(2) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(3) var<storage, read_write> dlp: array<f32>; // (2N)

fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-clamp(x, -80.0, 80.0))); }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= 2u * N) { return; }
  let k = i % N;
  let beta = knobs[BETA];
  let h = lp[k] - reference[k] - (lp[N + k] - reference[N + k]);
  let x = beta * h;
  var slope = beta * (knobs[SMOOTHING] * sigmoid(x) - (1.0 - knobs[SMOOTHING]) * sigmoid(-x));
  if (KIND == 1u) { slope = 2.0 * (h - 0.5 / beta); }
  if (KIND == 2u) { slope = select(0.0, -beta, x < 1.0); }
  let d = select(-slope, slope, i < N) / f32(N);
  if (ACCUMULATE) { dlp[i] += d; } else { dlp[i] = d; }
}
