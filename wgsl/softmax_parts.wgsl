// Per slice of a row of z = logits / temperature: m = max z, sum exp(z - m), sum exp(z - m) (z - m)

const R: u32 = 16u; // param: rows
const V: u32 = 64u; // param: vocabulary
const PARTS: u32 = 4u; // param: slices of a row; slice p has the columns p, p + PARTS, ..
const TEMPERED: bool = false; // param: divide by knobs[TEMPERATURE]; otherwise knobs is any tensor and not read
const TEMPERATURE: u32 = 0u; // param: index in knobs
const BANNED: u32 = 0u; // param: bit v set = token v < 32 has probability 0

@group(0) @binding(0) var<storage, read> logits: array<f32>; // (R,V)
@group(0) @binding(1) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(2) var<storage, read_write> parts: array<f32>; // (R,PARTS,3)

fn banned(v: u32) -> bool { return v < 32u && ((BANNED >> (v & 31u)) & 1u) == 1u; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= R * PARTS) { return; }
  let row = (i / PARTS) * V;
  var scale = 1.0;
  if (TEMPERED) { scale = 1.0 / knobs[TEMPERATURE]; }
  var largest = -1e30;
  for (var v = i % PARTS; v < V; v += PARTS) {
    largest = max(largest, select(logits[row + v] * scale, -1e30, banned(v)));
  }
  var sum = 0.0;
  var product = 0.0;
  for (var v = i % PARTS; v < V; v += PARTS) {
    let shifted = min(logits[row + v] * scale - largest, 0.0);
    let e = select(exp(shifted), 0.0, banned(v));
    sum += e;
    product += e * shifted;
  }
  parts[3u * i] = largest;
  parts[3u * i + 1u] = sum;
  parts[3u * i + 2u] = product;
}
