// A = (r - mean of the group) / (std + eps); one thread per group, which reads all rewards when SCALE is 1

const P: u32 = 4u; // param: groups
const G: u32 = 4u; // param: answers of a group
const SCALE: u32 = 0u; // param: std of 0 = the group, 1 = the batch; 2 = do not divide
const EPS: f32 = 1e-4; // param: added to std

@group(0) @binding(0) var<storage, read> rewards: array<f32>; // (P,G)
@group(0) @binding(1) var<storage, read_write> advantages: array<f32>; // (P,G)
@group(0) @binding(2) var<storage, read_write> flags: array<f32>; // (P,2) 1 if all rewards are equal, 1

fn mean_of(start: u32, end: u32) -> f32 {
  var sum = 0.0;
  for (var i = start; i < end; i++) { sum += rewards[i]; }
  return sum / f32(end - start);
}

fn deviation(start: u32, end: u32, mean: f32) -> f32 {
  var sum = 0.0;
  for (var i = start; i < end; i++) { sum += (rewards[i] - mean) * (rewards[i] - mean); }
  return sqrt(sum / f32(max(1u, end - start - 1u)));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let p = (group.y * groups.x + group.x) * 64u + lane;
  if (p >= P) { return; }
  let start = p * G;
  let end = start + G;
  let mean = mean_of(start, end);
  var divisor = 1.0;
  if (SCALE == 0u) { divisor = deviation(start, end, mean) + EPS; }
  if (SCALE == 1u) { divisor = deviation(0u, P * G, mean_of(0u, P * G)) + EPS; }
  var equal = true;
  for (var i = start; i < end; i++) { equal = equal && rewards[i] == rewards[start]; }
  for (var i = start; i < end; i++) {
    // equal rewards differ from their rounded mean, which a tiny divisor would amplify
    advantages[i] = select((rewards[i] - mean) / divisor, 0.0, equal);
  }
  flags[2u * p] = select(0.0, 1.0, equal);
  flags[2u * p + 1u] = 1.0;
}
