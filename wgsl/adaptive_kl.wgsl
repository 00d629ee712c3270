// coefficient *= 1 + clip(kl / target - 1, -0.2, 0.2) steps / horizon

const COEFFICIENT: u32 = 0u; // param: place of the coefficient in the state
const KL: u32 = 0u; // param: place of the measured divergence

@group(0) @binding(0) var<storage, read> kl: array<f32>;
@group(0) @binding(1) var<storage, read> knobs: array<f32>; // (3): target, horizon, steps
@group(0) @binding(2) var<storage, read_write> state: array<f32>;

@compute @workgroup_size(1)
fn main() {
  let measured = kl[KL];
  let finite = (bitcast<u32>(measured) & 0x7f800000u) != 0x7f800000u;
  // a target of 0 keeps the coefficient fixed
  if (!finite || knobs[0] <= 0.0) { return; }
  let error = clamp(measured / knobs[0] - 1.0, -0.2, 0.2);
  state[COEFFICIENT] *= 1.0 + error * knobs[2] / knobs[1];
}
