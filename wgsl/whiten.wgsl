// y = ((x - mean) / sqrt(var + eps) (+ mean unless shifted)) mask

const N: u32 = 64u; // param: elements
const SHIFT_MEAN: bool = true; // param: the result has mean 0; otherwise it keeps its mean
const UNBIASED: bool = false; // param: variance over n - 1 instead of n
const EPS: f32 = 1e-8; // param: added to the variance
const NOISE: f32 = 1e-12; // a variance below NOISE mean^2 is rounding of equal values

@group(0) @binding(0) var<storage, read> x: array<f32>; // (N) garbage where mask is 0
@group(0) @binding(1) var<storage, read> mask: array<f32>; // (N)
@group(0) @binding(2) var<storage, read> sums: array<f32>; // (2) sum of x, count
@group(0) @binding(3) var<storage, read> square: array<f32>; // (1) sum of squared deviations
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // (N)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let mean = sums[0] / max(1.0, sums[1]);
  let variance = square[0] / max(1.0, sums[1] - select(0.0, 1.0, UNBIASED));
  var scale = 1.0 / sqrt(variance + EPS);
  if (variance <= NOISE * mean * mean) { scale = 0.0; }
  let white = (x[i] - mean) * scale + select(mean, 0.0, SHIFT_MEAN);
  y[i] = select(0.0, white * mask[i], mask[i] != 0.0);
}
