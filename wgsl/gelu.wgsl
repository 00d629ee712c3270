// y = 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))

const N: u32 = 256u; // param: number of elements
const SQRT_2_OVER_PI: f32 = 0.7978845608028654;

@group(0) @binding(0) var<storage, read> x: array<f32>; // (N)
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // (N)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let v = x[i];
  // tanh is built from exp on some drivers and overflows; beyond 10 it is 1 in f32
  let u = clamp(SQRT_2_OVER_PI * (v + 0.044715 * v * v * v), -10.0, 10.0);
  y[i] = 0.5 * v * (1.0 + tanh(u));
}
