// y = keep x / (1 - p) + r, keep drawn from a counter: nothing is stored, the derivative draws the same numbers again

const N: u32 = 256u; // param: number of elements
const SITE: u32 = 0u; // param: which dropout of the plan this is, so that no two drop the same elements
const DROPPED: u32 = 3355443u; // param: p 2^24, the draws of 24 bits that drop an element
const SCALE: f32 = 1.25; // param: 1 / (1 - p)
const RESIDUAL: bool = false; // param: r is added
const ACCUMULATE: bool = false; // param: y += instead of y =
alias X = f32; // param: elements of x, f32 or f16

@group(0) @binding(0) var<storage, read> x: array<X>; // (N)
@group(0) @binding(1) var<storage, read> r: array<f32>; // (N), or any where RESIDUAL is false
@group(0) @binding(2) var<storage, read> state: array<u32>; // (3) seed, step, micro-batch
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // (N)
// include lib/random.wgsl

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= N) { return; }
  let key = hash(SITE ^ hash(state[2] ^ hash(state[1] ^ hash(state[0]))));
  var v = 0.0;
  if ((hash(i ^ key) >> 8u) >= DROPPED) { v = f32(x[i]) * SCALE; }
  if (RESIDUAL) { v += r[i]; }
  if (ACCUMULATE) { y[i] += v; } else { y[i] = v; }
}
