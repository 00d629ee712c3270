// logp = log softmax(z)[target], entropy = -sum p log p, from the slices that softmax_parts made

const R: u32 = 16u; // param: rows
const V: u32 = 64u; // param: vocabulary
const PARTS: u32 = 4u; // param: slices of a row
const GATHERED: bool = false; // param: logits has only the target's of each row
const TEMPERED: bool = false; // param: z = logits / knobs[TEMPERATURE]; otherwise knobs is any tensor
const TEMPERATURE: u32 = 0u; // param: index in knobs

@group(0) @binding(0) var<storage, read> parts: array<f32>; // (R,PARTS,3) m, sum e, sum e (z - m)
@group(0) @binding(1) var<storage, read> logits: array<f32>; // (R,V) or (R)
@group(0) @binding(2) var<storage, read> targets: array<i32>; // (R)
@group(0) @binding(3) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(4) var<storage, read_write> logp: array<f32>; // (R)
@group(0) @binding(5) var<storage, read_write> entropy: array<f32>; // (R)
@group(0) @binding(6) var<storage, read_write> normaliser: array<f32>; // (R,2) m, log sum exp(z - m)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let r = (group.y * groups.x + group.x) * 64u + lane;
  if (r >= R) { return; }
  var largest = -1e30;
  for (var p = r * PARTS; p < (r + 1u) * PARTS; p++) { largest = max(largest, parts[3u * p]); }
  var sum = 0.0;
  var product = 0.0;
  for (var p = r * PARTS; p < (r + 1u) * PARTS; p++) {
    // a slice 80 nats below the largest weighs nothing; one of banned tokens only is -1e30 below
    let shift = max(parts[3u * p] - largest, -80.0);
    let weight = select(0.0, exp(shift), shift > -80.0);
    sum += weight * parts[3u * p + 1u];
    product += weight * (parts[3u * p + 2u] + shift * parts[3u * p + 1u]);
  }
  let log_sum = log(sum);
  var scale = 1.0;
  if (TEMPERED) { scale = 1.0 / knobs[TEMPERATURE]; }
  let target_id = u32(clamp(targets[r], 0, i32(V) - 1));
  logp[r] = logits[select(r * V + target_id, r, GATHERED)] * scale - largest - log_sum;
  entropy[r] = log_sum - product / sum;
  normaliser[2u * r] = largest;
  normaliser[2u * r + 1u] = log_sum;
}
