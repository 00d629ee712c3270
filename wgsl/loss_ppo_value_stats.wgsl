// Means of loss_ppo_value, the variance of the returns and the share of it that the values explain

@group(0) @binding(0) var<storage, read> sums: array<f32>; // (8) column sums of loss_ppo_value's terms
@group(0) @binding(1) var<storage, read> squares: array<f32>; // (2) sums of squared deviations
@group(0) @binding(2) var<storage, read_write> loss: array<f32>; // scalar
@group(0) @binding(3) var<storage, read_write> stats: array<f32>; // (9)

@compute @workgroup_size(1)
fn main() {
  let count = max(1.0, sums[7]);
  let variance = squares[0] / count;
  for (var c = 0u; c < 6u; c++) { stats[c] = sums[c] / count; }
  stats[6] = variance;
  stats[7] = 1.0 - squares[1] / count / max(variance, 1e-8);
  stats[8] = sums[7];
  loss[0] = sums[0] / count;
}
