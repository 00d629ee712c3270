// x[r] = wte[ids[r]] + wpe[pos[r]]

const R: u32 = 8u; // param: tokens
const C: u32 = 16u; // param: width
const POSITIONS: bool = true; // param: add learned positions; otherwise pos and wpe are not read

@group(0) @binding(0) var<storage, read> ids: array<u32>; // (R)
@group(0) @binding(1) var<storage, read> pos: array<u32>; // (R)
@group(0) @binding(2) var<storage, read> wte: array<f32>; // (V,C)
@group(0) @binding(3) var<storage, read> wpe: array<f32>; // (P,C)
@group(0) @binding(4) var<storage, read_write> x: array<f32>; // (R,C)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= R * C) { return; }
  let r = i / C;
  let c = i % C;
  var value = wte[ids[r] * C + c];
  if (POSITIONS) { value += wpe[pos[r] * C + c]; }
  x[i] = value;
}
