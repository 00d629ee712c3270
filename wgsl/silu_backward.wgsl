// dx = s (1 + x (1 - s)) dy with s = sigmoid(x)

const N: u32 = 256u; // param: number of elements
const ACCUMULATE: bool = false; // param: dx += instead of dx =

@group(0) @binding(0) var<storage, read> x: array<f32>; // (N)
@group(0) @binding(1) var<storage, read> dy: array<f32>; // (N)
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // (N)

// exp overflows beyond 88
fn sigmoid(v: f32) -> f32 { return 1.0 / (1.0 + exp(clamp(-v, -80.0, 80.0))); }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let s = sigmoid(x[i]);
  let d = s * (1.0 + x[i] * (1.0 - s)) * dy[i];
  if (ACCUMULATE) { dx[i] += d; } else { dx[i] = d; }
}
