// dlp = slope times the weight that the aggregation gives the token

const B: u32 = 4u; // param: responses
const G: u32 = 8u; // param: tokens of a response
const AGGREGATION: u32 = 0u; // param: 0 = mean of sequence means, 1 = mean over tokens, 2 = sum / CONSTANT
const CONSTANT: u32 = 32u; // param: responses times their largest length
const ACCUMULATE: bool = false; // param: dlp += instead of dlp =

@group(0) @binding(0) var<storage, read> slopes: array<f32>; // (B,G) 0 where mask is 0
@group(0) @binding(1) var<storage, read> rows: array<f32>; // (B,6); column 5 is the length
@group(0) @binding(2) var<storage, read> sums: array<f32>; // (6) column sums of rows
@group(0) @binding(3) var<storage, read_write> dlp: array<f32>; // (B,G)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= B * G) { return; }
  var divisor = max(1.0, rows[(i / G) * 6u + 5u]) * f32(B);
  if (AGGREGATION == 1u) { divisor = max(1.0, sums[5]); }
  if (AGGREGATION == 2u) { divisor = f32(CONSTANT); }
  let d = slopes[i] / divisor;
  if (ACCUMULATE) { dlp[i] += d; } else { dlp[i] = d; }
}
