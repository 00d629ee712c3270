// dalpha = sum over responses of dscores mean(logp); one thread, for there are few responses

const B: u32 = 4u; // param: responses
const ACCUMULATE: bool = false; // param: dalpha += instead of dalpha =

@group(0) @binding(0) var<storage, read> dscores: array<f32>; // (B)
@group(0) @binding(1) var<storage, read> stats: array<f32>; // (B,2) 1 / length, mean logp
@group(0) @binding(2) var<storage, read_write> dalpha: array<f32>; // (1)

@compute @workgroup_size(1)
fn main() {
  var sum = 0.0;
  for (var b = 0u; b < B; b++) { sum += dscores[b] * stats[2u * b + 1u]; }
  if (ACCUMULATE) { dalpha[0] += sum; } else { dalpha[0] = sum; }
}
