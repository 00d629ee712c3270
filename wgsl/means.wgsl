// stats[c] = sums[c] / max(1, count) before the count's column, sums[c] from there on; loss = stats[0]

const C: u32 = 2u; // param: columns
const COUNT: u32 = 1u; // param: the column with the count

@group(0) @binding(0) var<storage, read> sums: array<f32>; // (C)
@group(0) @binding(1) var<storage, read_write> loss: array<f32>; // scalar
@group(0) @binding(2) var<storage, read_write> stats: array<f32>; // (C) or longer

@compute @workgroup_size(1)
fn main() {
  let count = max(1.0, sums[COUNT]);
  for (var c = 0u; c < C; c++) {
    if (c < COUNT) { stats[c] = sums[c] / count; } else { stats[c] = sums[c]; }
  }
  loss[0] = sums[0] / count;
}
