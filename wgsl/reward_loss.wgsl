// Per prompt: sum over pairs (i, j) of t softplus(-x) + (1 - t) softplus(x), x = r_i - r_j, t = i preferred to j

const N: u32 = 4u; // param: prompts
const K: u32 = 4u; // param: items of a prompt
const HALF_TIES: bool = false; // param: a tie counts as t = 1/2; otherwise it is dropped
const ALL_PAIRS: bool = false; // param: divide by all pairs of present items, not by those that count
const TERMS: u32 = 6u; // loss, usable, correct pairs, sum of margins, untied pairs, divisor

@group(0) @binding(0) var<storage, read> r: array<f32>; // (N,K)
@group(0) @binding(1) var<storage, read> rank: array<i32>; // (N,K) smaller is better
@group(0) @binding(2) var<storage, read> present: array<f32>; // (N,K)
@group(0) @binding(3) var<storage, read_write> perPrompt: array<f32>; // (N)
@group(0) @binding(4) var<storage, read_write> terms: array<f32>; // (N,TERMS)

// log(1 + exp(x)); the series keeps the digits that 1 + e would lose
fn softplus(x: f32) -> f32 {
  let e = exp(-min(abs(x), 80.0));
  let series = e * (1.0 - e * (0.5 - e * (1.0 / 3.0 - 0.25 * e)));
  return max(x, 0.0) + select(log(1.0 + e), series, e < 0.03);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let n = (group.y * groups.x + group.x) * 64u + lane;
  if (n >= N) { return; }
  var loss = 0.0;
  var correct = 0.0;
  var margin = 0.0;
  var untied = 0.0;
  var used = 0.0;
  var all = 0.0;
  for (var i = n * K; i < (n + 1u) * K; i++) {
    for (var j = i + 1u; j < (n + 1u) * K; j++) {
      if (present[i] == 0.0 || present[j] == 0.0) { continue; }
      all += 1.0;
      let x = r[i] - r[j];
      if (rank[i] == rank[j]) {
        if (HALF_TIES) {
          used += 1.0;
          loss += 0.5 * (softplus(-x) + softplus(x));
        }
        continue;
      }
      let gap = select(-x, x, rank[i] < rank[j]);
      used += 1.0;
      untied += 1.0;
      loss += softplus(-gap);
      correct += select(0.0, 1.0, gap > 0.0);
      margin += gap;
    }
  }
  let divisor = select(used, all, ALL_PAIRS);
  loss /= max(1.0, divisor);
  perPrompt[n] = loss;
  terms[n * TERMS] = loss;
  terms[n * TERMS + 1u] = min(1.0, divisor);
  terms[n * TERMS + 2u] = correct;
  terms[n * TERMS + 3u] = margin;
  terms[n * TERMS + 4u] = untied;
  terms[n * TERMS + 5u] = max(1.0, divisor);
}
