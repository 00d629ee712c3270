// state = norm, clip coefficient, finite flag, updates skipped so far; one thread folds the partial sums

const BLOCKS: u32 = 64u; // param: number of partial sums
const MAX_NORM: u32 = 7u; // place of the clip threshold in the knobs

@group(0) @binding(0) var<storage, read> partial: array<f32>; // (BLOCKS,2)
@group(0) @binding(1) var<storage, read> knobs: array<f32>; // (10)
@group(0) @binding(2) var<storage, read_write> state: array<f32>; // (4)

@compute @workgroup_size(1)
fn main() {
  var sum = 0.0;
  var bad = 0.0;
  for (var p = 0u; p < BLOCKS; p++) {
    sum += partial[2u * p];
    bad += partial[2u * p + 1u];
  }
  // finite gradients may still have squares beyond f32
  let overflow = (bitcast<u32>(sum) & 0x7f800000u) == 0x7f800000u;
  let finite = bad == 0.0 && !overflow;
  let norm = sqrt(sum);
  let limit = knobs[MAX_NORM];
  var coefficient = 1.0;
  if (limit > 0.0) { coefficient = min(1.0, limit / (norm + 1e-6)); }
  state[0] = norm;
  state[1] = select(0.0, coefficient, finite);
  state[2] = select(0.0, 1.0, finite);
  state[3] += select(1.0, 0.0, finite);
}
