// dvalues = c (v - ret) / count where the clipped error is not the larger

const N: u32 = 64u; // param: tokens
const CLIP: u32 = 6u; // param: index in knobs; 0 or less turns clipping off
const COEFFICIENT: u32 = 7u; // param: index in knobs
const ACCUMULATE: bool = false; // param: dvalues += instead of dvalues =

@group(0) @binding(0) var<storage, read> values: array<f32>; // (N) garbage where mask is 0
@group(0) @binding(1) var<storage, read> old: array<f32>; // (N) values at rollout time
@group(0) @binding(2) var<storage, read> returns: array<f32>; // (N)
@group(0) @binding(3) var<storage, read> mask: array<f32>; // (N)
@group(0) @binding(4) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(5) var<storage, read> sums: array<f32>; // (8) column sums of loss_ppo_value's terms; 7 is the count
@group(0) @binding(6) var<storage, read_write> dvalues: array<f32>; // (N)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let v = values[i];
  let clip = knobs[CLIP];
  let clipped = select(v, clamp(v, old[i] - clip, old[i] + clip), clip > 0.0);
  let e1 = v - returns[i];
  let e2 = clipped - returns[i];
  let dropped = mask[i] == 0.0 || e2 * e2 > e1 * e1;
  let d = select(knobs[COEFFICIENT] * e1 / max(1.0, sums[7]), 0.0, dropped);
  if (ACCUMULATE) { dvalues[i] += d; } else { dvalues[i] = d; }
}
