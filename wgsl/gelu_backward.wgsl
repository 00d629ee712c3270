// dx = gelu'(x) dy

const N: u32 = 256u; // param: number of elements
const ACCUMULATE: bool = false; // param: dx += instead of dx =
const SQRT_2_OVER_PI: f32 = 0.7978845608028654;
alias X = f32; // param: elements of x, f32 or f16

@group(0) @binding(0) var<storage, read> x: array<X>; // (N)
@group(0) @binding(1) var<storage, read> dy: array<f32>; // (N)
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // (N)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let v = f32(x[i]);
  // tanh is built from exp on some drivers and overflows; beyond 10 it is 1 in f32
  let t = tanh(clamp(SQRT_2_OVER_PI * (v + 0.044715 * v * v * v), -10.0, 10.0));
  let slope = SQRT_2_OVER_PI * (1.0 + 0.134145 * v * v);
  let d = (0.5 * (1.0 + t) + 0.5 * v * (1.0 - t * t) * slope) * dy[i];
  if (ACCUMULATE) { dx[i] += d; } else { dx[i] = d; }
}
