// y = gate sigmoid(gate) up

const N: u32 = 256u; // param: number of elements
alias GATE = f32; // param: elements of gate, f32 or f16
alias UP = f32; // param: elements of up, f32 or f16
alias Y = f32; // param: elements of y, f32 or f16

@group(0) @binding(0) var<storage, read> gate: array<GATE>; // (N)
@group(0) @binding(1) var<storage, read> up: array<UP>; // (N)
@group(0) @binding(2) var<storage, read_write> y: array<Y>; // (N)

// exp overflows beyond 88
fn sigmoid(v: f32) -> f32 { return 1.0 / (1.0 + exp(clamp(-v, -80.0, 80.0))); }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let g = f32(gate[i]);
  y[i] = Y(g * sigmoid(g) * f32(up[i]));
}
