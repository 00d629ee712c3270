// y = x keep scale: dropout with a given mask, and its derivative with dy for x

const N: u32 = 256u; // param: number of elements
const SCALE: f32 = 1.25; // param: 1 / (1 - p)
const ACCUMULATE: bool = false; // param: y += instead of y =

@group(0) @binding(0) var<storage, read> x: array<f32>; // (N)
@group(0) @binding(1) var<storage, read> keep: array<f32>; // (N) 1 = kept, 0 = dropped
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // (N)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let v = x[i] * keep[i] * SCALE;
  if (ACCUMULATE) { y[i] += v; } else { y[i] = v; }
}
