// Per token: c 0.5 max((v - ret)^2, (clip(v) - ret)^2) and the statistics of PPO's value loss

const N: u32 = 64u; // param: tokens
const CLIP: u32 = 6u; // param: index in knobs; 0 or less turns clipping off
const COEFFICIENT: u32 = 7u; // param: index in knobs
const COLUMNS: u32 = 8u; // loss, value loss, clipped, v, squared error, return, return - v, 1

@group(0) @binding(0) var<storage, read> values: array<f32>; // (N) garbage where mask is 0
@group(0) @binding(1) var<storage, read> old: array<f32>; // (N) values at rollout time
@group(0) @binding(2) var<storage, read> returns: array<f32>; // (N)
@group(0) @binding(3) var<storage, read> mask: array<f32>; // (N)
@group(0) @binding(4) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(5) var<storage, read_write> terms: array<f32>; // (N,COLUMNS)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let at = i * COLUMNS;
  if (mask[i] == 0.0) {
    for (var c = 0u; c < COLUMNS; c++) { terms[at + c] = 0.0; }
    return;
  }
  let v = values[i];
  let clip = knobs[CLIP];
  let clipped = select(v, clamp(v, old[i] - clip, old[i] + clip), clip > 0.0);
  let e1 = v - returns[i];
  let e2 = clipped - returns[i];
  let loss = 0.5 * max(e1 * e1, e2 * e2);
  terms[at] = knobs[COEFFICIENT] * loss;
  terms[at + 1u] = loss;
  terms[at + 2u] = select(0.0, 1.0, e2 * e2 > e1 * e1);
  terms[at + 3u] = v;
  terms[at + 4u] = e1 * e1;
  terms[at + 5u] = returns[i];
  terms[at + 6u] = -e1;
  terms[at + 7u] = 1.0;
}
