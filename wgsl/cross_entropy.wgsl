// nll = -log softmax(logits)[target] of each counted row, from the slices that softmax_parts made

const R: u32 = 16u; // param: rows
const V: u32 = 64u; // param: vocabulary
const PARTS: u32 = 4u; // param: slices of a row
const GATHERED: bool = false; // param: logits has only the target's of each row

@group(0) @binding(0) var<storage, read> parts: array<f32>; // (R,PARTS,3)
@group(0) @binding(1) var<storage, read> logits: array<f32>; // (R,V) or (R)
@group(0) @binding(2) var<storage, read> targets: array<i32>; // (R) anything where mask is 0
@group(0) @binding(3) var<storage, read> mask: array<f32>; // (R)
@group(0) @binding(4) var<storage, read_write> nll: array<f32>; // (R)
@group(0) @binding(5) var<storage, read_write> normaliser: array<f32>; // (R,2) m, log sum exp(z - m)
@group(0) @binding(6) var<storage, read_write> terms: array<f32>; // (R,2) nll, mask

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let r = (group.y * groups.x + group.x) * 64u + lane;
  if (r >= R) { return; }
  var largest = -1e30;
  for (var p = r * PARTS; p < (r + 1u) * PARTS; p++) { largest = max(largest, parts[3u * p]); }
  var sum = 0.0;
  for (var p = r * PARTS; p < (r + 1u) * PARTS; p++) {
    sum += exp(max(parts[3u * p] - largest, -80.0)) * parts[3u * p + 1u];
  }
  let log_sum = log(sum);
  let counted = mask[r] != 0.0 && targets[r] >= 0 && targets[r] < i32(V);
  let target_id = u32(select(0, targets[r], counted));
  let loss = select(0.0, log_sum - (logits[select(r * V + target_id, r, GATHERED)] - largest), counted) * mask[r];
  nll[r] = loss;
  normaliser[2u * r] = largest;
  normaliser[2u * r + 1u] = log_sum;
  terms[2u * r] = loss;
  terms[2u * r + 1u] = mask[r];
}
