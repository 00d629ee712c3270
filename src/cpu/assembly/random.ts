// Counter-based random numbers, as wgsl/lib/random.wgsl has them.

/** PCG-RXS-M-XS 32 (O'Neill 2014) as a hash: one round of state and output. */
export function hash(value: u32): u32 {
  const state = value * 747796405 + 2891336453;
  const word = ((state >> ((state >> 28) + 4)) ^ state) * 277803737;
  return (word >> 22) ^ word;
}
