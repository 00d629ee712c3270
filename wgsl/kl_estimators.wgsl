// d = lp - ref; k1 = d, k2 = d^2 / 2, k3 = exp(-d) - 1 + d

const N: u32 = 64u; // param: tokens

@group(0) @binding(0) var<storage, read> lp: array<f32>; // (N)
@group(0) @binding(1) var<storage, read> reference: array<f32>; // (N)
@group(0) @binding(2) var<storage, read_write> first: array<f32>; // (N) k1
@group(0) @binding(3) var<storage, read_write> second: array<f32>; // (N) k2
@group(0) @binding(4) var<storage, read_write> third: array<f32>; // (N) k3

// exp(d) - 1 - d; the series keeps the digits that the subtraction would lose
fn excess(d: f32) -> f32 {
  let series = d * d * (0.5 + d * (1.0 / 6.0 + d * (1.0 / 24.0 + d * (1.0 / 120.0
    + d * (1.0 / 720.0 + d * (1.0 / 5040.0 + d * (1.0 / 40320.0)))))));
  return select(exp(min(d, 80.0)) - 1.0 - d, series, abs(d) < 0.5);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let d = lp[i] - reference[i];
  first[i] = d;
  second[i] = 0.5 * d * d;
  third[i] = excess(-d);
}
