// advantages = return minus the mean return of the other answers to the same prompt

const B: u32 = 4u; // param: responses
const K: u32 = 2u; // param: answers to a prompt, at least 2

@group(0) @binding(0) var<storage, read> returns: array<f32>; // (B)
@group(0) @binding(1) var<storage, read_write> advantages: array<f32>; // (B)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let b = (group.y * groups.x + group.x) * 64u + lane;
  if (b >= B) { return; }
  let first = b - b % K;
  var others = 0.0;
  for (var j = first; j < first + K; j++) { others += select(returns[j], 0.0, j == b); }
  advantages[b] = returns[b] - others / f32(K - 1u);
}
