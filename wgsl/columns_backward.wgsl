// dx[b, FIRST + j] (+)= dy[b,j], 0 in the other columns

const B: u32 = 2u; // param: sequences
const T: u32 = 8u; // param: columns of x
const C: u32 = 16u; // param: width
const FIRST: u32 = 3u; // param: first column taken
const COUNT: u32 = 4u; // param: columns taken
const ACCUMULATE: bool = false; // param: dx += instead of dx =

@group(0) @binding(0) var<storage, read> dy: array<f32>; // (B,COUNT,C)
@group(0) @binding(1) var<storage, read_write> dx: array<f32>; // (B,T,C)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= B * T * C) { return; }
  let t = (i / C) % T;
  var d = 0.0;
  if (t >= FIRST && t < FIRST + COUNT) {
    d = dy[((i / (T * C)) * COUNT + t - FIRST) * C + i % C];
  }
  if (ACCUMULATE) { dx[i] += d; } else { dx[i] = d; }
}
