// counter-based random numbers: PCG-RXS-M-XS 32 (O'Neill 2014) as a hash, one round of state and output

fn hash(value: u32) -> u32 {
  let s = value * 747796405u + 2891336453u;
  let w = ((s >> ((s >> 28u) + 4u)) ^ s) * 277803737u;
  return (w >> 22u) ^ w;
}

/// A number in (0,1) for token j of sequence b, the same on every device.
fn uniform_at(seed: u32, stream: u32, b: u32, j: u32) -> f32 {
  // the largest of 2^24 numbers would round to 1
  return min((f32(hash(b ^ hash(j ^ hash(stream ^ hash(seed)))) >> 8u) + 0.5) / 16777216.0, 0.99999994);
}
