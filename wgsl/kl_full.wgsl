// kl = sum of p (log p - log q) over the vocabulary; one thread per row

const R: u32 = 16u; // param: rows
const V: u32 = 64u; // param: vocabulary

@group(0) @binding(0) var<storage, read> logits: array<f32>; // (R,V)
@group(0) @binding(1) var<storage, read> reference: array<f32>; // (R,V)
@group(0) @binding(2) var<storage, read_write> kl: array<f32>; // (R)
@group(0) @binding(3) var<storage, read_write> normaliser: array<f32>; // (R,4) m and log sum of p, then of q

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let r = (group.y * groups.x + group.x) * 64u + lane;
  if (r >= R) { return; }
  var m = vec2f(-1e30);
  for (var v = r * V; v < (r + 1u) * V; v++) { m = max(m, vec2f(logits[v], reference[v])); }
  var sums = vec2f();
  for (var v = r * V; v < (r + 1u) * V; v++) { sums += exp(vec2f(logits[v], reference[v]) - m); }
  let log_sums = log(sums);
  var total = 0.0;
  for (var v = r * V; v < (r + 1u) * V; v++) {
    let logs = vec2f(logits[v], reference[v]) - m - log_sums;
    total += exp(logs.x) * (logs.x - logs.y);
  }
  kl[r] = total;
  normaliser[4u * r] = m.x;
  normaliser[4u * r + 1u] = log_sums.x;
  normaliser[4u * r + 2u] = m.y;
  normaliser[4u * r + 3u] = log_sums.y;
}
