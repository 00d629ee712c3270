// tokens = prompt, then response

const B: u32 = 2u; // param: sequences
const P: u32 = 4u; // param: prompt columns
const G: u32 = 4u; // param: response columns

@group(0) @binding(0) var<storage, read> prompt: array<u32>; // (B,P)
@group(0) @binding(1) var<storage, read> response: array<u32>; // (B,G)
@group(0) @binding(2) var<storage, read_write> tokens: array<u32>; // (B,P+G)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= B * (P + G)) { return; }
  let b = i / (P + G);
  let t = i % (P + G);
  if (t < P) { tokens[i] = prompt[b * P + t]; } else { tokens[i] = response[b * G + t - P]; }
}
