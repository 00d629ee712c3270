// Means of reward_loss: the loss over usable prompts, accuracy and margin over untied pairs

@group(0) @binding(0) var<storage, read> sums: array<f32>; // (6) column sums of reward_loss's terms
@group(0) @binding(1) var<storage, read_write> loss: array<f32>; // scalar
@group(0) @binding(2) var<storage, read_write> stats: array<f32>; // (5) loss, accuracy, margin, pairs, prompts

@compute @workgroup_size(1)
fn main() {
  let mean = sums[0] / max(1.0, sums[1]);
  let pairs = max(1.0, sums[4]);
  loss[0] = mean;
  stats[0] = mean;
  stats[1] = sums[2] / pairs;
  stats[2] = sums[3] / pairs;
  stats[3] = sums[4];
  stats[4] = sums[1];
}
