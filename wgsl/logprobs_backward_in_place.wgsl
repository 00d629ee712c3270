// dlogits = (dlogp (onehot - p) - dentropy p (log p + entropy)) / temperature, written over the logits

const R: u32 = 16u; // param: rows
const V: u32 = 64u; // param: vocabulary
const THREADS: u32 = 8u; // param: threads per row; thread t has the columns t, t + THREADS, ..
const TEMPERED: bool = false; // param: z = logits / knobs[TEMPERATURE]; otherwise knobs is any tensor
const TEMPERATURE: u32 = 0u; // param: index in knobs
const BANNED: u32 = 0u; // param: bit v set = token v < 32 has probability 0
const HAS_DLOGP: bool = true; // param: otherwise dlogp is any tensor and not read
const HAS_DENTROPY: bool = true; // param: otherwise dentropy is any tensor and not read

@group(0) @binding(0) var<storage, read> targets: array<i32>; // (R)
@group(0) @binding(1) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(2) var<storage, read> entropy: array<f32>; // (R)
@group(0) @binding(3) var<storage, read> normaliser: array<f32>; // (R,2) m, log sum exp(z - m)
@group(0) @binding(4) var<storage, read> dlogp: array<f32>; // (R)
@group(0) @binding(5) var<storage, read> dentropy: array<f32>; // (R)
@group(0) @binding(6) var<storage, read_write> dlogits: array<f32>; // (R,V) logits before, derivatives after

fn banned(v: u32) -> bool { return v < 32u && ((BANNED >> (v & 31u)) & 1u) == 1u; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= R * THREADS) { return; }
  let r = i / THREADS;
  var scale = 1.0;
  if (TEMPERED) { scale = 1.0 / knobs[TEMPERATURE]; }
  var slope_logp = 0.0;
  if (HAS_DLOGP) { slope_logp = dlogp[r] * scale; }
  var slope_entropy = 0.0;
  if (HAS_DENTROPY) { slope_entropy = dentropy[r] * scale; }
  let largest = normaliser[2u * r];
  let log_sum = normaliser[2u * r + 1u];
  let target_id = u32(clamp(targets[r], 0, i32(V) - 1));
  for (var v = i % THREADS; v < V; v += THREADS) {
    let at = r * V + v;
    let allowed = !banned(v);
    let z = min(dlogits[at] * scale - largest - log_sum, 0.0);
    let p = select(0.0, exp(z), allowed);
    let hit = select(0.0, 1.0, v == target_id && allowed);
    dlogits[at] = slope_logp * (hit - p) - slope_entropy * p * (z + entropy[r]);
  }
}
