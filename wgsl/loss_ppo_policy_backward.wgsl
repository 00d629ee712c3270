// dlp = -A ratio / count where the clipped branch is not active; dentropy = -c / count

const N: u32 = 64u; // param: tokens
const CLIP: u32 = 5u; // param: index in knobs
const ENTROPY: u32 = 8u; // param: index in knobs
const ACCUMULATE_LP: bool = false; // param: dlp += instead of dlp =
const ACCUMULATE_ENTROPY: bool = false; // param: dentropy += instead of dentropy =

@group(0) @binding(0) var<storage, read> lp: array<f32>; // (N) garbage where mask is 0
@group(0) @binding(1) var<storage, read> old: array<f32>; // (N) lp when sampled
@group(0) @binding(2) var<storage, read> advantages: array<f32>; // (N)
@group(0) @binding(3) var<storage, read> mask: array<f32>; // (N)
@group(0) @binding(4) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(5) var<storage, read> sums: array<f32>; // (10) column sums of the terms; 7 is the count
@group(0) @binding(6) var<storage, read_write> dlp: array<f32>; // (N)
@group(0) @binding(7) var<storage, read_write> dentropy: array<f32>; // (N)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let real = mask[i] != 0.0;
  let share = select(0.0, 1.0 / max(1.0, sums[7]), real);
  let ratio = exp(select(0.0, clamp(lp[i] - old[i], -80.0, 80.0), real));
  let clip = knobs[CLIP];
  let pg1 = -advantages[i] * ratio;
  let pg2 = -advantages[i] * clamp(ratio, 1.0 - clip, 1.0 + clip);
  let d = select(pg1 * share, 0.0, pg2 > pg1 || !real);
  let e = -knobs[ENTROPY] * share;
  if (ACCUMULATE_LP) { dlp[i] += d; } else { dlp[i] = d; }
  if (ACCUMULATE_ENTROPY) { dentropy[i] += e; } else { dentropy[i] = e; }
}
