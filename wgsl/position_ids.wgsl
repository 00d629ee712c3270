// pos[b,t] = sum of mask[b, 0..t-1]

const B: u32 = 2u; // param: sequences
const T: u32 = 8u; // param: columns

@group(0) @binding(0) var<storage, read> mask: array<u32>; // (B,T)
@group(0) @binding(1) var<storage, read_write> pos: array<u32>; // (B,T)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= B * T) { return; }
  var count = 0u;
  for (var at = i - i % T; at < i; at++) { count += mask[at]; }
  pos[i] = count;
}
