// dw[c] = sum over blocks of partial[:,c]; db = sum over blocks of partial[:,C]

const C: u32 = 64u; // param: channels
const BLOCKS: u32 = 8u; // param: number of blocks
const ACCUMULATE_W: bool = false; // param: dw += instead of dw =
const ACCUMULATE_B: bool = false; // param: db += instead of db =

@group(0) @binding(0) var<storage, read> partial: array<f32>; // (BLOCKS,C+1)
@group(0) @binding(1) var<storage, read_write> dw: array<f32>; // (C)
@group(0) @binding(2) var<storage, read_write> db: array<f32>; // (1)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let c = (group.y * groups.x + group.x) * 64u + lane;
  if (c > C) { return; }
  var sum = 0.0;
  for (var p = 0u; p < BLOCKS; p++) { sum += partial[p * (C + 1u) + c]; }
  if (c < C) {
    if (ACCUMULATE_W) { dw[c] += sum; } else { dw[c] = sum; }
  } else {
    if (ACCUMULATE_B) { db[0] += sum; } else { db[0] = sum; }
  }
}
