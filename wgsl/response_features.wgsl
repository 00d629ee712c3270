// features of a response: mean h | sqrt(C) mean e | LAST h at its end | mean logp | LENGTH n / G

const B: u32 = 2u; // param: responses
const G: u32 = 4u; // param: longest response
const C: u32 = 16u; // param: width
const F: u32 = 3u * C + 2u;
const LAST: f32 = 0.5; // brings the last state to about the size of the means
const LENGTH: f32 = 3.0; // the same for the length

@group(0) @binding(0) var<storage, read> h: array<f32>; // (B,G,C)
@group(0) @binding(1) var<storage, read> e: array<f32>; // (B,G,C)
@group(0) @binding(2) var<storage, read> logp: array<f32>; // (B,G)
@group(0) @binding(3) var<storage, read> mask: array<f32>; // (B,G) a prefix of ones
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // (B,F)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= B * (C + 1u)) { return; }
  let b = i / (C + 1u);
  let c = i % (C + 1u);
  var n = 0.0;
  var first = 0.0;
  var second = 0.0;
  var last = 0u;
  for (var j = 0u; j < G; j++) {
    let m = mask[b * G + j];
    if (m == 0.0) { continue; }
    n += m;
    last = j;
    if (c == C) {
      first += logp[b * G + j];
    } else {
      first += h[(b * G + j) * C + c];
      second += e[(b * G + j) * C + c];
    }
  }
  let share = 1.0 / max(1.0, n);
  if (c == C) {
    y[b * F + 3u * C] = first * share;
    y[b * F + 3u * C + 1u] = LENGTH * n / f32(G);
    return;
  }
  y[b * F + c] = first * share;
  y[b * F + C + c] = second * share * sqrt(f32(C));
  y[b * F + 2u * C + c] = LAST * h[(b * G + last) * C + c];
}
