// y[b,j] = x[b, FIRST + j]

const B: u32 = 2u; // param: sequences
const T: u32 = 8u; // param: columns of x
const C: u32 = 16u; // param: width
const FIRST: u32 = 3u; // param: first column taken
const COUNT: u32 = 4u; // param: columns taken

@group(0) @binding(0) var<storage, read> x: array<f32>; // (B,T,C)
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // (B,COUNT,C)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= B * COUNT * C) { return; }
  let b = i / (COUNT * C);
  y[i] = x[(b * T + FIRST) * C + i % (COUNT * C)];
}
