// The loss of the rows that loss_grpo made, and its statistics over tokens

const B: u32 = 4u; // param: responses
const AGGREGATION: u32 = 0u; // param: 0 = mean of sequence means, 1 = mean over tokens, 2 = sum / CONSTANT
const CONSTANT: u32 = 32u; // param: responses times their largest length

@group(0) @binding(0) var<storage, read> sums: array<f32>; // (6) column sums of loss_grpo's rows
@group(0) @binding(1) var<storage, read_write> loss: array<f32>; // scalar
@group(0) @binding(2) var<storage, read_write> stats: array<f32>; // (5) loss, k3, clipped low, high, tokens

@compute @workgroup_size(1)
fn main() {
  let tokens = max(1.0, sums[5]);
  var value = sums[0] / f32(B);
  if (AGGREGATION == 1u) { value = sums[1] / tokens; }
  if (AGGREGATION == 2u) { value = sums[1] / f32(CONSTANT); }
  loss[0] = value;
  stats[0] = value;
  stats[1] = sums[2] / tokens;
  stats[2] = sums[3] / tokens;
  stats[3] = sums[4] / tokens;
  stats[4] = sums[5];
}
