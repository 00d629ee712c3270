// token = smallest kept i with cumsum_i(p) > u in vocabulary order; logp = log softmax of all allowed tokens at the temperature

const B: u32 = 2u; // param: rows
const V: u32 = 8u; // param: vocabulary
const BANNED: u32 = 0u; // param: bit i set: token i has probability 0
const NONE: f32 = -1e30; // logit of a banned token

@group(0) @binding(0) var<storage, read> logits: array<f32>; // (B,V)
@group(0) @binding(1) var<storage, read> uniforms: array<f32>; // (B), in (0,1)
@group(0) @binding(2) var<storage, read> knobs: array<f32>; // (3) temperature, top_k, top_p
@group(0) @binding(3) var<storage, read_write> tokens: array<u32>; // (B)
@group(0) @binding(4) var<storage, read_write> logp: array<f32>; // (B)

fn banned(v: u32) -> bool { return v < 32u && ((BANNED >> (v & 31u)) & 1u) == 1u; }

fn logit(b: u32, v: u32) -> f32 { return select(logits[b * V + v], NONE, banned(v)); }

/// Whether v stands before w when tokens are sorted by falling logit, equal ones by rising index.
fn before(x: f32, v: u32, y: f32, w: u32) -> bool { return x > y || (x == y && v < w); }

/// The token that follows w, whose logit is y, in that order; V after the last one.
fn next(b: u32, y: f32, w: u32) -> u32 {
  var best = V;
  var largest = NONE;
  for (var v = 0u; v < V; v++) {
    let x = logit(b, v);
    if (x > largest && before(y, w, x, v)) {
      largest = x;
      best = v;
    }
  }
  return best;
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let b = (group.y * groups.x + group.x) * 32u + lane;
  if (b >= B) { return; }
  let greedy = knobs[0] == 0.0;
  let scale = 1.0 / select(knobs[0], 1.0, greedy);
  let first = next(b, -NONE, V); // the largest: everything follows 1e30
  let largest = logit(b, first);
  var total = 0.0;
  for (var v = 0u; v < V; v++) {
    total += select(exp(scale * (logit(b, v) - largest)), 0.0, banned(v));
  }
  // `last` is the least likely token that is kept, `mass` the weight of it and of all before it
  var last = first;
  var mass = 1.0;
  var limit = u32(knobs[1]);
  if (greedy) { limit = 1u; }
  if (limit == 0u) { limit = V; }
  let p = knobs[2];
  if (limit < V || p < 1.0) {
    var kept = total;
    if (limit < V && p < 1.0) {
      // top-p counts shares of what top-k keeps
      kept = 1.0;
      var at = first;
      for (var n = 1u; n < limit; n++) {
        at = next(b, logit(b, at), at);
        if (at == V) { break; }
        kept += exp(scale * (logit(b, at) - largest));
      }
    }
    for (var n = 1u; n < limit; n++) {
      if (p < 1.0 && mass >= p * kept) { break; }
      let after = next(b, logit(b, last), last);
      if (after == V) { break; }
      last = after;
      mass += exp(scale * (logit(b, last) - largest));
    }
  } else {
    mass = total;
  }
  let all = limit >= V && p >= 1.0;
  let lowest = logit(b, last);
  let threshold = uniforms[b] * mass;
  var sum = 0.0;
  var token = first;
  for (var v = 0u; v < V; v++) {
    let x = logit(b, v);
    if (banned(v) || !(all || !before(lowest, last, x, v))) { continue; }
    token = v;
    sum += exp(scale * (x - largest));
    if (sum > threshold) { break; }
  }
  tokens[b] = token;
  logp[b] = scale * (logit(b, token) - largest) - log(total);
}
