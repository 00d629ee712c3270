// temperature, top-k and top-p by inverse CDF in vocabulary order, for kernels that bind `logits` (rows,V)
// token = smallest kept i with cumsum_i(p) > u; logp = log softmax of all allowed tokens at the temperature

const V: u32 = 8u; // param: vocabulary
const BANNED: u32 = 0u; // param: bit i set: token i has probability 0

struct Picked { token: u32, logp: f32 }

/// Which tokens stay: all above a key, and the first `ties` of those that have it.
struct Cut { key: u32, ties: f32 }

fn banned(v: u32) -> bool { return v < 32u && ((BANNED >> (v & 31u)) & 1u) == 1u; }

/// A number that orders tokens as their logits do; 0 for banned ones only.
fn key_of(row: u32, v: u32) -> u32 {
  let x = logits[row * V + v];
  let bits = select(bitcast<u32>(x), 0u, x == 0.0); // -0 is 0
  return select(select(bits | 0x80000000u, ~bits, bits >= 0x80000000u), 0u, banned(v));
}

/// The logit of a key.
fn logit_of(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key & 0x7fffffffu, key >= 0x80000000u));
}

/// Whether a token stays, when tokens are asked in order; `ties` counts those that have the key of the cut.
fn kept(cut: Cut, key: u32, ties: ptr<function, f32>) -> bool {
  if (key != cut.key) { return key > cut.key; }
  *ties += 1.0;
  return *ties <= cut.ties;
}

fn lacking(sums: vec4f, need: f32) -> f32 {
  let low = select(vec4f(), sums, sums < vec4f(need));
  return max(max(low.x, low.y), max(low.z, low.w));
}

fn reaching(sums: vec4f, need: f32) -> u32 {
  let one = select(vec4u(), vec4u(1u), sums >= vec4f(need));
  return one.x + one.y + one.z + one.w;
}

/// The fewest most likely tokens of `within` that weigh at least `need`, by weight or by number: four bits of the
/// least one's key at a time, so that the cost depends neither on how many stay nor on sorting.
fn narrowed(row: u32, within: Cut, need: f32, by_weight: bool, scale: f32, largest: f32, steps: u32) -> Cut {
  var key = 0u;
  var above = 0.0;
  for (var step = 0u; step < steps; step++) {
    let shift = vec4u(28u - 4u * step);
    // what the tokens weigh whose key is at least key + (i << shift), for i = 0 to 15
    let t0 = vec4u(key) + (vec4u(0u, 1u, 2u, 3u) << shift);
    let quarter = vec4u(4u) << shift;
    var s0 = vec4f();
    var s1 = vec4f();
    var s2 = vec4f();
    var s3 = vec4f();
    var ties = 0.0;
    for (var v = 0u; v < V; v++) {
      let own = key_of(row, v);
      let full = select(1.0, exp(scale * (logit_of(own) - largest)), by_weight);
      let w = vec4f(select(0.0, full, kept(within, own, &ties)));
      s0 += select(vec4f(), w, vec4u(own) >= t0);
      s1 += select(vec4f(), w, vec4u(own) >= t0 + quarter);
      s2 += select(vec4f(), w, vec4u(own) >= t0 + 2u * quarter);
      s3 += select(vec4f(), w, vec4u(own) >= t0 + 3u * quarter);
    }
    let count = reaching(s0, need) + reaching(s1, need) + reaching(s2, need) + reaching(s3, need);
    key += (max(count, 1u) - 1u) << shift.x;
    above = max(max(above, max(lacking(s0, need), lacking(s1, need))), max(lacking(s2, need), lacking(s3, need)));
  }
  if (steps == 0u) { return within; }
  // of the tokens with that key, as many as are needed; with key 0 all stay that are not banned
  let own = select(1.0, exp(scale * (logit_of(key) - largest)), by_weight);
  let needed = max(1.0, ceil((need - above) / own));
  let ties = select(needed, min(needed, within.ties), key == within.key);
  return Cut(key, select(ties, 0.0, key == 0u));
}

fn pick(row: u32, u: f32, temperature: f32, top_k: f32, top_p: f32) -> Picked {
  let greedy = temperature == 0.0;
  let scale = 1.0 / select(temperature, 1.0, greedy);
  var highest = 0u;
  for (var v = 0u; v < V; v++) { highest = max(highest, key_of(row, v)); }
  let largest = logit_of(highest);
  var total = 0.0;
  for (var v = 0u; v < V; v++) {
    total += select(exp(scale * (logits[row * V + v] - largest)), 0.0, banned(v));
  }
  let limit = select(top_k, 1.0, greedy);
  var cut = Cut(0u, 0.0);
  var mass = total;
  // first top-k, then top-p, which counts shares of what top-k keeps
  for (var stage = 0u; stage < 2u; stage++) {
    let by_weight = stage == 1u;
    let wanted = select(limit > 0.0 && limit < f32(V), top_p < 1.0, by_weight);
    let need = select(limit, top_p * mass, by_weight);
    cut = narrowed(row, cut, need, by_weight, scale, largest, select(0u, 8u, wanted));
    var ties = 0.0;
    var sum = 0.0;
    for (var v = 0u; v < select(0u, V, wanted); v++) {
      let own = key_of(row, v);
      sum += select(0.0, exp(scale * (logit_of(own) - largest)), kept(cut, own, &ties));
    }
    mass = select(mass, sum, wanted);
  }
  let threshold = u * mass;
  var ties = 0.0;
  var sum = 0.0;
  var token = 0u;
  for (var v = 0u; v < V; v++) {
    let own = key_of(row, v);
    if (!kept(cut, own, &ties)) { continue; }
    token = v;
    sum += exp(scale * (logit_of(own) - largest));
    if (sum > threshold) { break; }
  }
  return Picked(token, scale * (logits[row * V + token] - largest) - log(total));
}
