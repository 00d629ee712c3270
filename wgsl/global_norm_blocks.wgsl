// partial[i] = sum of squares and number of non-finite values among g[i], g[i + BLOCKS], g[i + 2 BLOCKS], ...

const N: u32 = 4096u; // param: number of elements
const BLOCKS: u32 = 64u; // param: number of partial sums

@group(0) @binding(0) var<storage, read> g: array<f32>; // (N)
@group(0) @binding(1) var<storage, read_write> partial: array<f32>; // (BLOCKS,2)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= BLOCKS) { return; }
  var sum = 0.0;
  var bad = 0.0;
  for (var n = i; n < N; n += BLOCKS) {
    let v = g[n];
    // an exponent of all ones is infinity or NaN; comparisons may be compiled as if neither existed
    bad += select(0.0, 1.0, (bitcast<u32>(v) & 0x7f800000u) == 0x7f800000u);
    sum += v * v;
  }
  partial[2u * i] = sum;
  partial[2u * i + 1u] = bad;
}
