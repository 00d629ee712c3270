// drc = (2 centering (rc + rr) - s) / N, drr = (2 centering (rc + rr) + s) / N, s = sigmoid(rr - rc)

const N: u32 = 8u; // param: pairs
const CENTERING: u32 = 12u; // param: index in knobs
const ACCUMULATE_C: bool = false; // param: drc += instead of drc =
const ACCUMULATE_R: bool = false; // param: drr += instead of drr =

@group(0) @binding(0) var<storage, read> rc: array<f32>; // (N) preferred
@group(0) @binding(1) var<storage, read> rr: array<f32>; // (N) other
@group(0) @binding(2) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(3) var<storage, read_write> drc: array<f32>; // (N)
@group(0) @binding(4) var<storage, read_write> drr: array<f32>; // (N)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let slope = 1.0 / (1.0 + exp(clamp(rc[i] - rr[i], -80.0, 80.0)));
  let pull = 2.0 * knobs[CENTERING] * (rc[i] + rr[i]);
  let c = (pull - slope) / f32(N);
  let r = (pull + slope) / f32(N);
  if (ACCUMULATE_C) { drc[i] += c; } else { drc[i] = c; }
  if (ACCUMULATE_R) { drr[i] += r; } else { drr[i] = r; }
}
