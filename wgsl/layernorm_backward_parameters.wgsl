// dw and db = sums of the partial sums of all blocks; one thread per column

const C: u32 = 64u; // param: columns
const BLOCKS: u32 = 8u; // param: number of blocks
const ACCUMULATE_W: bool = false; // param: dw += instead of dw =
const ACCUMULATE_B: bool = false; // param: db += instead of db =

@group(0) @binding(0) var<storage, read> partial: array<f32>; // (BLOCKS,2C)
@group(0) @binding(1) var<storage, read_write> dw: array<f32>; // (C)
@group(0) @binding(2) var<storage, read_write> db: array<f32>; // (C)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= C) { return; }
  // unknown to the compiler: software adapters take seconds to compile what they unroll
  let blocks = BLOCKS + group.z;
  var w = 0.0;
  var b = 0.0;
  for (var p = 0u; p < blocks; p++) {
    w += partial[p * 2u * C + i];
    b += partial[p * 2u * C + C + i];
  }
  if (ACCUMULATE_W) { dw[i] += w; } else { dw[i] = w; }
  if (ACCUMULATE_B) { db[i] += b; } else { db[i] = b; }
}
