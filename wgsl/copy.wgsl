// to = from, bit by bit: any type of 4 bytes

const N: u32 = 64u; // param: elements

@group(0) @binding(0) var<storage, read> source: array<u32>; // (N)
@group(0) @binding(1) var<storage, read_write> copied: array<u32>; // (N)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  copied[i] = source[i];
}
