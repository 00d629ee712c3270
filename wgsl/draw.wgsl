// the next token of every sequence by inverse CDF, with its log-probability under the full distribution

const B: u32 = 2u; // param: sequences
const V: u32 = 16u; // param: vocabulary
const G: u32 = 4u; // param: longest response
const T: u32 = 8u; // param: columns of the sequences
const EOS: u32 = 1u; // param: end of sequence
const PAD: u32 = 0u; // param: what follows it
const BANNED: u32 = 5u; // param: bit i set: token i has probability 0
const TEMPERATURE: u32 = 0u; // param: index in knobs

@group(0) @binding(0) var<storage, read> logits: array<f32>; // (B,V)
@group(0) @binding(1) var<storage, read> state: array<u32>; // (5) column, drawn, seed, stream, unfinished
@group(0) @binding(2) var<storage, read> positions: array<u32>; // (B,T)
@group(0) @binding(3) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(4) var<storage, read_write> response: array<u32>; // (B,G)
@group(0) @binding(5) var<storage, read_write> logp: array<f32>; // (B,G)
@group(0) @binding(6) var<storage, read_write> current: array<u32>; // (B)
@group(0) @binding(7) var<storage, read_write> place: array<u32>; // (B)
// include lib/random.wgsl

fn banned(v: u32) -> bool {
  return v < 32u && ((BANNED >> (v & 31u)) & 1u) == 1u;
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let b = (group.y * groups.x + group.x) * 32u + lane;
  if (b >= B) { return; }
  let j = state[1];
  var token = PAD;
  var chosen = 0.0;
  if (current[b] != EOS && current[b] != PAD) {
    let scale = 1.0 / knobs[TEMPERATURE];
    var largest = -1e30;
    for (var v = 0u; v < V; v++) {
      if (!banned(v)) { largest = max(largest, logits[b * V + v] * scale); }
    }
    var total = 0.0;
    for (var v = 0u; v < V; v++) {
      if (!banned(v)) { total += exp(logits[b * V + v] * scale - largest); }
    }
    let threshold = uniform_at(state[2], state[3], b, j) * total;
    var sum = 0.0;
    for (var v = 0u; v < V; v++) {
      if (banned(v)) { continue; }
      token = v;
      sum += exp(logits[b * V + v] * scale - largest);
      if (sum > threshold) { break; }
    }
    chosen = logits[b * V + token] * scale - largest - log(total);
  }
  response[b * G + j] = token;
  logp[b * G + j] = chosen;
  current[b] = token;
  place[b] = positions[b * T + min(T - 1u, state[0] + 1u)];
}
