// dr_i = sum over j of ((1 - t) sigmoid(x) - t sigmoid(-x)) / divisor / prompts, x = r_i - r_j, t = i preferred

const N: u32 = 4u; // param: prompts
const K: u32 = 4u; // param: items of a prompt
const HALF_TIES: bool = false; // param: a tie counts as t = 1/2; otherwise it is dropped
const ACCUMULATE: bool = false; // param: dr += instead of dr =
const TERMS: u32 = 6u; // columns of terms; the last is the divisor

@group(0) @binding(0) var<storage, read> r: array<f32>; // (N,K)
@group(0) @binding(1) var<storage, read> rank: array<i32>; // (N,K) smaller is better
@group(0) @binding(2) var<storage, read> present: array<f32>; // (N,K)
@group(0) @binding(3) var<storage, read> terms: array<f32>; // (N,TERMS)
@group(0) @binding(4) var<storage, read> sums: array<f32>; // (TERMS)
@group(0) @binding(5) var<storage, read_write> dr: array<f32>; // (N,K)

fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-clamp(x, -80.0, 80.0))); }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N * K) { return; }
  let n = i / K;
  var sum = 0.0;
  for (var j = n * K; j < (n + 1u) * K; j++) {
    if (j == i || present[i] == 0.0 || present[j] == 0.0) { continue; }
    let x = r[i] - r[j];
    if (rank[i] < rank[j]) { sum -= sigmoid(-x); }
    if (rank[i] > rank[j]) { sum += sigmoid(x); }
    if (HALF_TIES && rank[i] == rank[j]) { sum += 0.5 * (sigmoid(x) - sigmoid(-x)); }
  }
  let d = sum / terms[n * TERMS + 5u] / max(1.0, sums[1]);
  if (ACCUMULATE) { dr[i] += d; } else { dr[i] = d; }
}
