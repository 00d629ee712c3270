// du = dscores mask / length, or dscores at the row's last real token and 0 elsewhere

const B: u32 = 4u; // param: responses
const G: u32 = 8u; // param: tokens of a response
const MEAN: bool = true; // param: mean over the mask; otherwise the value at last
const ACCUMULATE: bool = false; // param: du += instead of du =

@group(0) @binding(0) var<storage, read> dscores: array<f32>; // (B)
@group(0) @binding(1) var<storage, read> mask: array<f32>; // (B,G)
@group(0) @binding(2) var<storage, read> last: array<u32>; // (B); any tensor when MEAN
@group(0) @binding(3) var<storage, read> stats: array<f32>; // (B,2) 1 / length, mean logp
@group(0) @binding(4) var<storage, read_write> du: array<f32>; // (B,G)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= B * G) { return; }
  let b = i / G;
  var share = mask[i] * stats[2u * b];
  if (!MEAN) { share = select(0.0, 1.0, i % G == last[b]); }
  let d = dscores[b] * share;
  if (ACCUMULATE) { du[i] += d; } else { du[i] = d; }
}
