// dh of the pooled and of the last hidden state

const B: u32 = 2u; // param: responses
const G: u32 = 4u; // param: longest response
const C: u32 = 16u; // param: width
const ACCUMULATE: bool = false; // param: dh += instead of dh =
const F: u32 = 3u * C + 2u;
const LAST: f32 = 0.5; // as in response_features.wgsl

@group(0) @binding(0) var<storage, read> dy: array<f32>; // (B,F)
@group(0) @binding(1) var<storage, read> mask: array<f32>; // (B,G) a prefix of ones
@group(0) @binding(2) var<storage, read_write> dh: array<f32>; // (B,G,C)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= B * G * C) { return; }
  let c = i % C;
  let j = (i / C) % G;
  let b = i / (C * G);
  var n = 0.0;
  for (var t = 0u; t < G; t++) { n += mask[b * G + t]; }
  var d = 0.0;
  if (f32(j) < n) { d = dy[b * F + c] / n; }
  if (f32(j) == max(0.0, n - 1.0)) { d += LAST * dy[b * F + 2u * C + c]; }
  if (ACCUMULATE) { dh[i] += d; } else { dh[i] = d; }
}
