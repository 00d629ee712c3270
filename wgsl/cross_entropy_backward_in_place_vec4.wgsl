// cross_entropy_backward_in_place with vector loads and stores

const R: u32 = 16u; // param: rows
const V: u32 = 64u; // param: vocabulary, a multiple of 4
const THREADS: u32 = 8u; // param: threads per row; thread t has the vectors t, t + THREADS, ..
const WEIGHTED: bool = false; // param: weight = knobs[WEIGHT]; otherwise 1, and knobs is any tensor
const WEIGHT: u32 = 0u; // param: index in knobs

@group(0) @binding(0) var<storage, read> targets: array<i32>; // (R)
@group(0) @binding(1) var<storage, read> mask: array<f32>; // (R)
@group(0) @binding(2) var<storage, read> normaliser: array<f32>; // (R,2) m, log sum exp(z - m)
@group(0) @binding(3) var<storage, read> sums: array<f32>; // (2) sum of nll, count
@group(0) @binding(4) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(5) var<storage, read_write> dlogits: array<vec4f>; // (R,V/4) logits before, derivatives after

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= R * THREADS) { return; }
  let r = i / THREADS;
  var scale = mask[r] / max(1.0, sums[1]);
  if (WEIGHTED) { scale *= knobs[WEIGHT]; }
  let largest = normaliser[2u * r];
  let log_sum = normaliser[2u * r + 1u];
  let target_id = targets[r];
  for (var v = i % THREADS; v < V / 4u; v += THREADS) {
    let at = r * (V / 4u) + v;
    let p = exp(min(dlogits[at] - largest - log_sum, vec4f()));
    let column = vec4i(i32(4u * v)) + vec4i(0, 1, 2, 3);
    let d = scale * (p - select(vec4f(), vec4f(1.0), column == vec4i(target_id)));
    dlogits[at] = d;
  }
}
