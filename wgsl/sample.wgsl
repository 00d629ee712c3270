// one token per row from given uniform numbers, with its log-probability: see lib/truncate.wgsl

const B: u32 = 2u; // param: rows

@group(0) @binding(0) var<storage, read> logits: array<f32>; // (B,V)
@group(0) @binding(1) var<storage, read> uniforms: array<f32>; // (B), in (0,1)
@group(0) @binding(2) var<storage, read> knobs: array<f32>; // (3) temperature, top_k, top_p
@group(0) @binding(3) var<storage, read_write> tokens: array<u32>; // (B)
@group(0) @binding(4) var<storage, read_write> logp: array<f32>; // (B)
// include lib/truncate.wgsl

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let b = (group.y * groups.x + group.x) * 32u + lane;
  if (b >= B) { return; }
  let picked = pick(b, uniforms[b], knobs[0], knobs[1], knobs[2]);
  tokens[b] = picked.token;
  logp[b] = picked.logp;
}
