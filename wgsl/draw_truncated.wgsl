// the next token of every sequence as people want it: draw.wgsl with temperature, top-k and top-p

const B: u32 = 2u; // param: sequences
const G: u32 = 4u; // param: longest response
const T: u32 = 8u; // param: columns of the sequences
const EOS: u32 = 1u; // param: end of sequence
const PAD: u32 = 0u; // param: what follows it

@group(0) @binding(0) var<storage, read> logits: array<f32>; // (B,V)
@group(0) @binding(1) var<storage, read> state: array<u32>; // (5) column, drawn, seed, stream, unfinished
@group(0) @binding(2) var<storage, read> positions: array<u32>; // (B,T)
@group(0) @binding(3) var<storage, read> sampling: array<f32>; // (3) temperature, top_k, top_p
@group(0) @binding(4) var<storage, read_write> response: array<u32>; // (B,G)
@group(0) @binding(5) var<storage, read_write> logp: array<f32>; // (B,G)
@group(0) @binding(6) var<storage, read_write> current: array<u32>; // (B)
@group(0) @binding(7) var<storage, read_write> place: array<u32>; // (B)
// include lib/random.wgsl
// include lib/truncate.wgsl

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let b = (group.y * groups.x + group.x) * 32u + lane;
  if (b >= B) { return; }
  let j = state[1];
  var picked = Picked(PAD, 0.0);
  if (current[b] != EOS && current[b] != PAD) {
    let u = uniform_at(state[2], state[3], b, j);
    picked = pick(b, u, sampling[0], sampling[1], sampling[2]);
  }
  response[b * G + j] = picked.token;
  logp[b * G + j] = picked.logp;
  current[b] = picked.token;
  place[b] = positions[b * T + min(T - 1u, state[0] + 1u)];
}
