// partial[p,c] = sum over the rows of block p of du h[:,c]; column C holds the sum of du

const R: u32 = 64u; // param: rows
const C: u32 = 64u; // param: channels
const ROWS: u32 = 8u; // param: rows of one block
const BLOCKS: u32 = 8u; // param: number of blocks

@group(0) @binding(0) var<storage, read> h: array<f32>; // (R,C)
@group(0) @binding(1) var<storage, read> du: array<f32>; // (R)
@group(0) @binding(2) var<storage, read_write> partial: array<f32>; // (BLOCKS,C+1)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= BLOCKS * (C + 1u)) { return; }
  let block = i / (C + 1u);
  let c = i % (C + 1u);
  var sum = 0.0;
  for (var r = block * ROWS; r < min(R, (block + 1u) * ROWS); r++) {
    sum += select(1.0, h[r * C + min(c, C - 1u)], c < C) * du[r];
  }
  partial[i] = sum;
}
