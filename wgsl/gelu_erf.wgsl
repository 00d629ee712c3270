// y = x phi(x), the exact GELU

const N: u32 = 256u; // param: number of elements
alias X = f32; // param: elements of x, f32 or f16
alias Y = f32; // param: elements of y, f32 or f16

@group(0) @binding(0) var<storage, read> x: array<X>; // (N)
@group(0) @binding(1) var<storage, read_write> y: array<Y>; // (N)

// Abramowitz & Stegun 7.1.26 (|error| < 1.5e-7) for the normal distribution function;
// the small tail is computed first, because 1 + erf would cancel there
fn phi(v: f32) -> f32 {
  let z = min(abs(v) * 0.7071067811865476, 13.0);
  let t = 1.0 / (1.0 + 0.3275911 * z);
  let poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741
    + t * (-1.453152027 + t * 1.061405429))));
  let q = 0.5 * poly * exp(-z * z);
  return select(1.0 - q, q, v < 0.0);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let v = f32(x[i]);
  y[i] = Y(v * phi(v));
}
