// softmax_parts with vector loads: an invocation has four neighbouring slices, one in each component

const R: u32 = 16u; // param: rows
const V: u32 = 64u; // param: vocabulary, a multiple of 4
const PARTS: u32 = 4u; // param: slices of a row, a multiple of 4; slice p has the columns p, p + PARTS, ..
const TEMPERED: bool = false; // param: divide by knobs[TEMPERATURE]; otherwise knobs is any tensor and not read
const TEMPERATURE: u32 = 0u; // param: index in knobs
const BANNED: u32 = 0u; // param: bit v set = token v < 32 has probability 0
const GROUPS: u32 = PARTS / 4u; // invocations of a row

@group(0) @binding(0) var<storage, read> logits: array<vec4f>; // (R,V/4)
@group(0) @binding(1) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(2) var<storage, read_write> parts: array<f32>; // (R,PARTS,3)

fn banned(v: u32) -> vec4<bool> {
  let bits = select(0u, BANNED >> (v & 31u), v < 32u);
  return (vec4u(bits, bits >> 1u, bits >> 2u, bits >> 3u) & vec4u(1u)) == vec4u(1u);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= R * GROUPS) { return; }
  let row = (i / GROUPS) * (V / 4u);
  var scale = 1.0;
  if (TEMPERED) { scale = 1.0 / knobs[TEMPERATURE]; }
  // unknown to the compiler: software adapters take seconds to compile what they unroll
  let width = V / 4u + group.z;
  var largest = vec4f(-1e30);
  for (var v = i % GROUPS; v < width; v += GROUPS) {
    largest = max(largest, select(logits[row + v] * scale, vec4f(-1e30), banned(4u * v)));
  }
  var sum = vec4f();
  var product = vec4f();
  for (var v = i % GROUPS; v < width; v += GROUPS) {
    let shifted = min(logits[row + v] * scale - largest, vec4f());
    let e = select(exp(shifted), vec4f(), banned(4u * v));
    sum += e;
    product += e * shifted;
  }
  for (var q = 0u; q < 4u; q++) { // unroll
    let to = 3u * (4u * i + q);
    parts[to] = largest[q];
    parts[to + 1u] = sum[q];
    parts[to + 2u] = product[q];
  }
}
