// one new token per sequence attends over the cache: an invocation per (sequence, head, four dimensions)

const B: u32 = 2u; // param: sequences
const S: u32 = 8u; // param: columns of the cache
const C: u32 = 16u; // param: width
const H: u32 = 2u; // param: heads
const D: u32 = C / H;
const BLOCKS: u32 = (D + 3u) / 4u;
const SCALE: f32 = 1.0 / sqrt(f32(D));

@group(0) @binding(0) var<storage, read> qkv: array<f32>; // (B,3C)
@group(0) @binding(1) var<storage, read> mask: array<u32>; // (B,S)
@group(0) @binding(2) var<storage, read> state: array<u32>; // (5) column, drawn, seed, stream, unfinished
@group(0) @binding(3) var<storage, read_write> cache: array<f32>; // (B,S,2C)
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // (B,C)

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 32u + lane;
  if (i >= B * H * BLOCKS) { return; }
  let first = (i % BLOCKS) * 4u;
  let h = (i / BLOCKS) % H;
  let b = i / (BLOCKS * H);
  let column = state[0];
  let q = b * 3u * C + h * D;
  var largest = -1e30;
  var total = 0.0;
  var sum = vec4f();
  // dimensions past the end of the head read its last one and are dropped below
  let d = min(vec4u(first, first + 1u, first + 2u, first + 3u), vec4u(D - 1u));
  for (var t = 0u; t <= column; t++) {
    if (mask[b * S + t] == 0u) { continue; }
    // the new token's key and value come from qkv: other invocations are still writing its cache column
    let own = t == column;
    let at = (b * S + t) * 2u * C + h * D;
    var dot = 0.0;
    for (var e = 0u; e < D; e++) {
      dot += qkv[q + e] * select(cache[at + e], qkv[q + C + e], own);
    }
    let score = dot * SCALE;
    let v = vec4f(
      select(cache[at + C + d.x], qkv[q + 2u * C + d.x], own),
      select(cache[at + C + d.y], qkv[q + 2u * C + d.y], own),
      select(cache[at + C + d.z], qkv[q + 2u * C + d.z], own),
      select(cache[at + C + d.w], qkv[q + 2u * C + d.w], own));
    let next = max(largest, score);
    let shrink = exp(largest - next);
    let p = exp(score - next);
    total = total * shrink + p;
    sum = sum * shrink + p * v;
    largest = next;
  }
  let out = select(vec4f(), sum / total, total > 0.0);
  for (var j = 0u; j < 4u; j++) {
    if (first + j >= D) { return; }
    let e = h * D + first + j;
    y[b * C + e] = out[j];
    let at = (b * S + column) * 2u * C + e;
    cache[at] = qkv[b * 3u * C + C + e];
    cache[at + C] = qkv[b * 3u * C + 2u * C + e];
  }
}
