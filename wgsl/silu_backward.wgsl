// dx = s (1 + x (1 - s)) dy with s = sigmoid(x)

const N: u32 = 256u; // param: number of elements
const ACCUMULATE: bool = false; // param: dx += instead of dx =
alias X = f32; // param: elements of x, f32 or f16

@group(0) @binding(0) var<storage, read> x: array<X>; // (N)
@group(0) @binding(1) var<storage, read> dy: array<f32>; // (N)
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // (N)

// exp overflows beyond 88
fn sigmoid(v: f32) -> f32 { return 1.0 / (1.0 + exp(clamp(-v, -80.0, 80.0))); }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let v = f32(x[i]);
  let s = sigmoid(v);
  let d = s * (1.0 + v * (1.0 - s)) * dy[i];
  if (ACCUMULATE) { dx[i] += d; } else { dx[i] = d; }
}
