// partial[p,c] = sum over the rows of block p of dy x / rms

const R: u32 = 64u; // param: rows
const C: u32 = 64u; // param: columns
const ROWS: u32 = 8u; // param: rows of one block
const BLOCKS: u32 = 8u; // param: number of blocks

@group(0) @binding(0) var<storage, read> x: array<f32>; // (R,C)
@group(0) @binding(1) var<storage, read> inverse: array<f32>; // (R)
@group(0) @binding(2) var<storage, read> dy: array<f32>; // (R,C)
@group(0) @binding(3) var<storage, read_write> partial: array<f32>; // (BLOCKS,C)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= BLOCKS * C) { return; }
  let block = i / C;
  let c = i % C;
  var sum = 0.0;
  for (var r = block * ROWS; r < min(R, (block + 1u) * ROWS); r++) {
    sum += dy[r * C + c] * x[r * C + c] * inverse[r];
  }
  partial[i] = sum;
}
