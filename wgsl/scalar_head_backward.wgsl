// dh[r,c] = du[r] w[c]

const R: u32 = 64u; // param: rows
const C: u32 = 64u; // param: channels
const ACCUMULATE: bool = false; // param: dh += instead of dh =

@group(0) @binding(0) var<storage, read> du: array<f32>; // (R)
@group(0) @binding(1) var<storage, read> w: array<f32>; // (C)
@group(0) @binding(2) var<storage, read_write> dh: array<f32>; // (R,C)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= R * C) { return; }
  let d = du[i / C] * w[i % C];
  if (ACCUMULATE) { dh[i] += d; } else { dh[i] = d; }
}
