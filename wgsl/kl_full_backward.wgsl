// dlogits = dkl p (log p - log q - kl)

const R: u32 = 16u; // param: rows
const V: u32 = 64u; // param: vocabulary
const ACCUMULATE: bool = false; // param: dlogits += instead of dlogits =

@group(0) @binding(0) var<storage, read> logits: array<f32>; // (R,V)
@group(0) @binding(1) var<storage, read> reference: array<f32>; // (R,V)
@group(0) @binding(2) var<storage, read> kl: array<f32>; // (R)
@group(0) @binding(3) var<storage, read> normaliser: array<f32>; // (R,4) m and log sum of p, then of q
@group(0) @binding(4) var<storage, read> dkl: array<f32>; // (R)
@group(0) @binding(5) var<storage, read_write> dlogits: array<f32>; // (R,V)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= R * V) { return; }
  let r = i / V;
  let log_p = logits[i] - normaliser[4u * r] - normaliser[4u * r + 1u];
  let log_q = reference[i] - normaliser[4u * r + 2u] - normaliser[4u * r + 3u];
  let d = dkl[r] * exp(log_p) * (log_p - log_q - kl[r]);
  if (ACCUMULATE) { dlogits[i] += d; } else { dlogits[i] = d; }
}
