// dlp = dk1 + dk2 d + dk3 (1 - exp(-d)), d = lp - reference

const N: u32 = 64u; // param: tokens
const FIRST: bool = true; // param: k1 has a derivative; otherwise dfirst is any tensor and not read
const SECOND: bool = true; // param: the same of k2
const THIRD: bool = true; // param: the same of k3
const ACCUMULATE: bool = false; // param: dlp += instead of dlp =

@group(0) @binding(0) var<storage, read> lp: array<f32>; // (N)
@group(0) @binding(1) var<storage, read> reference: array<f32>; // (N)
@group(0) @binding(2) var<storage, read> dfirst: array<f32>; // (N)
@group(0) @binding(3) var<storage, read> dsecond: array<f32>; // (N)
@group(0) @binding(4) var<storage, read> dthird: array<f32>; // (N)
@group(0) @binding(5) var<storage, read_write> dlp: array<f32>; // (N)

// exp(d) - 1 - d; the series keeps the digits that the subtraction would lose
fn excess(d: f32) -> f32 {
  let series = d * d * (0.5 + d * (1.0 / 6.0 + d * (1.0 / 24.0 + d * (1.0 / 120.0
    + d * (1.0 / 720.0 + d * (1.0 / 5040.0 + d * (1.0 / 40320.0)))))));
  return select(exp(min(d, 80.0)) - 1.0 - d, series, abs(d) < 0.5);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let d = lp[i] - reference[i];
  var sum = 0.0;
  if (FIRST) { sum += dfirst[i]; }
  if (SECOND) { sum += dsecond[i] * d; }
  if (THIRD) { sum += dthird[i] * (d - excess(-d)); }
  if (ACCUMULATE) { dlp[i] += sum; } else { dlp[i] = sum; }
}
