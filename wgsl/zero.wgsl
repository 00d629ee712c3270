// to = 0

const N: u32 = 64u; // param: elements

@group(0) @binding(0) var<storage, read_write> cleared: array<u32>; // (N)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  cleared[i] = 0u;
}
