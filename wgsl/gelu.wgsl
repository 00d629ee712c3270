// y = 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))

const N: u32 = 256u; // param: number of elements
const SQRT_2_OVER_PI: f32 = 0.7978845608028654;
alias X = f32; // param: elements of x, f32 or f16
alias Y = f32; // param: elements of y, f32 or f16

@group(0) @binding(0) var<storage, read> x: array<X>; // (N)
@group(0) @binding(1) var<storage, read_write> y: array<Y>; // (N)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let v = f32(x[i]);
  // tanh is built from exp on some drivers and overflows; beyond 10 it is 1 in f32
  let u = clamp(SQRT_2_OVER_PI * (v + 0.044715 * v * v * v), -10.0, 10.0);
  y[i] = Y(0.5 * v * (1.0 + tanh(u)));
}
