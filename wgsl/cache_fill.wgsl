// keys and values of the prompt go into the first P columns of the cache

const B: u32 = 2u; // param: sequences
const P: u32 = 4u; // param: prompt columns
const S: u32 = 8u; // param: columns of the cache
const C: u32 = 16u; // param: width

@group(0) @binding(0) var<storage, read> qkv: array<f32>; // (B*P,3C)
@group(0) @binding(1) var<storage, read_write> cache: array<f32>; // (B,S,2C)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= B * P * 2u * C) { return; }
  let c = i % (2u * C);
  let token = i / (2u * C);
  cache[((token / P) * S + token % P) * 2u * C + c] = qkv[token * 3u * C + C + c];
}
