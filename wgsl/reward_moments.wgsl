// moments = mean of the scores of demonstrations and 1 / their standard deviation; one thread, run once

const N: u32 = 64u; // param: number of scores

@group(0) @binding(0) var<storage, read> scores: array<f32>; // (N)
@group(0) @binding(1) var<storage, read_write> moments: array<f32>; // (2): bias, gain

@compute @workgroup_size(1)
fn main() {
  var sum = 0.0;
  for (var n = 0u; n < N; n++) { sum += scores[n]; }
  let bias = sum / f32(N);
  var squares = 0.0;
  for (var n = 0u; n < N; n++) {
    let d = scores[n] - bias;
    squares += d * d;
  }
  moments[0] = bias;
  // equal scores have no spread to normalise; the bound keeps the gain finite
  moments[1] = 1.0 / sqrt(max(squares / f32(N), 1e-12));
}
