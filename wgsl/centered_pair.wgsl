// terms = softplus(rr - rc) + centering (rc + rr)^2, 1

const N: u32 = 8u; // param: pairs
const CENTERING: u32 = 12u; // param: index in knobs

@group(0) @binding(0) var<storage, read> rc: array<f32>; // (N) preferred
@group(0) @binding(1) var<storage, read> rr: array<f32>; // (N) other
@group(0) @binding(2) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(3) var<storage, read_write> terms: array<f32>; // (N,2)

// log(1 + exp(x)); the series keeps the digits that 1 + e would lose
fn softplus(x: f32) -> f32 {
  let e = exp(-min(abs(x), 80.0));
  let series = e * (1.0 - e * (0.5 - e * (1.0 / 3.0 - 0.25 * e)));
  return max(x, 0.0) + select(log(1.0 + e), series, e < 0.03);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let sum = rc[i] + rr[i];
  terms[2u * i] = softplus(rr[i] - rc[i]) + knobs[CENTERING] * sum * sum;
  terms[2u * i + 1u] = 1.0;
}
