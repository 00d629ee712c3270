// the decode state moves on

const COLUMNS: u32 = 1u; // param: added to the column
const DRAWN: u32 = 1u; // param: added to the number of drawn tokens

@group(0) @binding(0) var<storage, read_write> state: array<u32>; // (4) column, drawn, seed, stream

@compute @workgroup_size(1)
fn main() {
  state[0] += COLUMNS;
  state[1] += DRAWN;
}
