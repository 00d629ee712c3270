// scores = masked mean of u + alpha logp over each row, or u at the row's last real token

const B: u32 = 4u; // param: responses
const G: u32 = 8u; // param: tokens of a response
const MEAN: bool = true; // param: mean over the mask; otherwise the value at last
const LOGP: bool = true; // param: add alpha logp; otherwise logp and alpha are any tensors and not read

@group(0) @binding(0) var<storage, read> u: array<f32>; // (B,G)
@group(0) @binding(1) var<storage, read> logp: array<f32>; // (B,G)
@group(0) @binding(2) var<storage, read> alpha: array<f32>; // (1)
@group(0) @binding(3) var<storage, read> mask: array<f32>; // (B,G)
@group(0) @binding(4) var<storage, read> last: array<u32>; // (B); any tensor when MEAN
@group(0) @binding(5) var<storage, read_write> scores: array<f32>; // (B)
@group(0) @binding(6) var<storage, read_write> stats: array<f32>; // (B,2) 1 / length, mean logp

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let b = (group.y * groups.x + group.x) * 64u + lane;
  if (b >= B) { return; }
  var length = 0.0;
  var sum = 0.0;
  var sum_logp = 0.0;
  for (var at = b * G; at < (b + 1u) * G; at++) {
    let real = mask[at] != 0.0;
    length += mask[at];
    sum += select(0.0, mask[at] * u[at], real);
    if (LOGP) { sum_logp += select(0.0, mask[at] * logp[at], real); }
  }
  let inverse = 1.0 / max(1.0, length);
  stats[2u * b] = inverse;
  stats[2u * b + 1u] = sum_logp * inverse;
  var score = sum * inverse;
  if (LOGP) { score += alpha[0] * sum_logp * inverse; }
  if (!MEAN) { score = u[b * G + min(last[b], G - 1u)]; }
  scores[b] = score;
}
