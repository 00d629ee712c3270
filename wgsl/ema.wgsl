// shadow = decay shadow + (1 - decay) value

const N: u32 = 4096u; // param: number of elements

@group(0) @binding(0) var<storage, read_write> shadow: array<f32>; // (N)
@group(0) @binding(1) var<storage, read> values: array<f32>; // (N)
@group(0) @binding(2) var<storage, read> knobs: array<f32>; // (2): decay, 1 - decay

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  shadow[i] = knobs[0] * shadow[i] + knobs[1] * values[i];
}
