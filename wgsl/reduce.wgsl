// out[p,c] = sum (or, from column SUMS on, maximum) of x[r,c] over the rows r = p, p + BLOCKS, p + 2 BLOCKS, ..

const R: u32 = 64u; // param: rows
const C: u32 = 8u; // param: columns
const SUMS: u32 = 8u; // param: columns before this one are summed, the others give their maximum
const BLOCKS: u32 = 8u; // param: partial results; 1 in the last pass

@group(0) @binding(0) var<storage, read> x: array<f32>; // (R,C)
@group(0) @binding(1) var<storage, read_write> out: array<f32>; // (BLOCKS,C)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= BLOCKS * C) { return; }
  let c = i % C;
  var sum = 0.0;
  var largest = -1e30;
  for (var r = i / C; r < R; r += BLOCKS) {
    let value = x[r * C + c];
    sum += value;
    largest = max(largest, value);
  }
  out[i] = select(largest, sum, c < SUMS);
}
