// the decode state moves on by a column, and says whether any sequence has not ended

const B: u32 = 2u; // param: sequences
const EOS: u32 = 1u; // param: end of sequence
const PAD: u32 = 0u; // param: what follows it

@group(0) @binding(0) var<storage, read> current: array<u32>; // (B), the tokens just drawn
@group(0) @binding(1) var<storage, read_write> state: array<u32>; // (5) column, drawn, seed, stream, unfinished

@compute @workgroup_size(1)
fn main() {
  var unfinished = 0u;
  for (var b = 0u; b < B && unfinished == 0u; b++) {
    unfinished = select(0u, 1u, current[b] != EOS && current[b] != PAD);
  }
  state[0] += 1u;
  state[1] += 1u;
  state[4] = unfinished;
}
