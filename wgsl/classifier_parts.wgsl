// Per slice of a row of z = h W^T / temperature, without storing z: m = max z, sum exp(z - m), sum exp(z - m) (z - m)

const R: u32 = 16u; // param: rows
const C: u32 = 64u; // param: width
const V: u32 = 64u; // param: vocabulary
const SLICE: u32 = 128u; // param: columns of a slice, a multiple of 4
const PARTS: u32 = 1u; // param: slices of a row
const TEMPERED: bool = false; // param: divide by knobs[TEMPERATURE]; otherwise knobs is any tensor and not read
const TEMPERATURE: u32 = 0u; // param: index in knobs
const BANNED: u32 = 0u; // param: bit v set = token v < 32 has probability 0
const LOWEST: f32 = -1e30;

@group(0) @binding(0) var<storage, read> h: array<f32>; // (R,C)
@group(0) @binding(1) var<storage, read> w: array<f32>; // (V,C)
@group(0) @binding(2) var<storage, read> targets: array<i32>; // (R) read as the nearest valid token
@group(0) @binding(3) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(4) var<storage, read_write> parts: array<f32>; // (R,PARTS,3)
@group(0) @binding(5) var<storage, read_write> hits: array<f32>; // (R) logit of the target

fn excluded(v: u32) -> bool { return v >= V || (v < 32u && ((BANNED >> (v & 31u)) & 1u) == 1u); }

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 32u + lane;
  if (i >= (R + 3u) / 4u * PARTS) { return; }
  let slice = i % PARTS;
  // rows beyond the last read it again and are dropped when stored
  let rows = min(vec4u(i / PARTS * 4u) + vec4u(0u, 1u, 2u, 3u), vec4u(R - 1u));
  let at = rows * C;
  let id = clamp(vec4i(targets[rows.x], targets[rows.y], targets[rows.z], targets[rows.w]),
    vec4i(0), vec4i(i32(V) - 1));
  var scale = 1.0;
  if (TEMPERED) { scale = 1.0 / knobs[TEMPERATURE]; }
  var most = vec4f(LOWEST);
  var sum = vec4f();
  var product = vec4f();
  var hit = vec4f();
  // C and SLICE, but unknown to the compiler: software adapters take a minute to compile what they unroll
  let width = C + group.z;
  let end = min(V, slice * SLICE + SLICE + group.z);
  for (var v = slice * SLICE; v < end; v += 4u) {
    var y = array<vec4f, 4>();
    let start = min(vec4u(v, v + 1u, v + 2u, v + 3u), vec4u(V - 1u)) * C;
    for (var k = 0u; k < width; k++) {
      let x = vec4f(h[at.x + k], h[at.y + k], h[at.z + k], h[at.w + k]);
      for (var j = 0u; j < 4u; j++) { // unroll
        y[j] += w[start[j] + k] * x;
      }
    }
    var top = most;
    for (var j = 0u; j < 4u; j++) { // unroll
      hit = select(hit, y[j], id == vec4i(i32(v + j)));
      top = max(top, select(y[j] * scale, vec4f(LOWEST), excluded(v + j)));
    }
    // what was summed so far is relative to the old maximum
    let shift = max(most - top, vec4f(-80.0));
    product = exp(shift) * (product + shift * sum);
    sum *= exp(shift);
    most = top;
    for (var j = 0u; j < 4u; j++) { // unroll
      let z = clamp(y[j] * scale - top, vec4f(-80.0), vec4f());
      let e = select(exp(z), vec4f(), excluded(v + j));
      sum += e;
      product += e * z;
    }
  }
  for (var q = 0u; q < 4u; q++) { // unroll
    let r = i / PARTS * 4u + q;
    if (r < R) {
      let to = 3u * (r * PARTS + slice);
      parts[to] = most[q];
      parts[to + 1u] = sum[q];
      parts[to + 2u] = product[q];
      if (u32(id[q]) / SLICE == slice) { hits[r] = hit[q]; }
    }
  }
}
