// adamw, four elements at once: AdamW with decoupled decay of the first DECAY_END elements; nothing is written after a non-finite gradient

const N: u32 = 4096u; // param: number of elements, a multiple of 4
const DECAY_END: u32 = 0u; // param: elements before this one decay

@group(0) @binding(0) var<storage, read_write> values: array<vec4f>; // (N/4)
@group(0) @binding(1) var<storage, read> grads: array<vec4f>; // (N/4)
@group(0) @binding(2) var<storage, read_write> m: array<vec4f>; // (N/4) first moment
@group(0) @binding(3) var<storage, read_write> v: array<vec4f>; // (N/4) second moment
@group(0) @binding(4) var<storage, read> state: array<f32>; // (4) of global_norm
// (10): lr, beta1, beta2, eps, weight decay, 1 - beta1^t, 1 - beta2^t, max norm, 1 - beta1, 1 - beta2
@group(0) @binding(5) var<storage, read> knobs: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (4u * i >= N || state[2] == 0.0) { return; }
  let g = grads[i] * state[1];
  let first = knobs[1] * m[i] + knobs[8] * g;
  let second = knobs[2] * v[i] + knobs[9] * g * g;
  m[i] = first;
  v[i] = second;
  var p = values[i];
  let decays = 4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(DECAY_END);
  p -= select(vec4f(), knobs[0] * knobs[4] * p, decays);
  values[i] = p - knobs[0] * (first / knobs[5]) / (sqrt(second / knobs[6]) + knobs[3]);
}
