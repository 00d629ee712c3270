// y = x / sqrt(mean(x^2) + eps) * w over the last axis; one thread per row

const R: u32 = 64u; // param: rows
const C: u32 = 64u; // param: columns
const EPS: f32 = 0.000001; // param: added inside the root
alias Y = f32; // param: elements of y, f32 or f16

@group(0) @binding(0) var<storage, read> x: array<f32>; // (R,C)
@group(0) @binding(1) var<storage, read> w: array<f32>; // (C)
@group(0) @binding(2) var<storage, read_write> y: array<Y>; // (R,C)
@group(0) @binding(3) var<storage, read_write> inverse: array<f32>; // (R): 1 / sqrt(mean(x^2) + eps)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= R) { return; }
  let at = i * C;
  // C, but unknown to the compiler: software adapters take seconds to compile what they unroll
  let width = C + group.z;
  let tail = width - width % 4u;
  var q = vec4f(0.0);
  for (var c = 0u; c < tail; c += 4u) {
    let v = vec4f(x[at + c], x[at + c + 1u], x[at + c + 2u], x[at + c + 3u]);
    q += v * v;
  }
  var squares = q.x + q.y + q.z + q.w;
  for (var c = tail; c < width; c++) { squares += x[at + c] * x[at + c]; }
  let scale = 1.0 / sqrt(squares / f32(C) + EPS);
  for (var c = 0u; c < width; c++) { y[at + c] = Y(x[at + c] * scale * w[c]); }
  inverse[i] = scale;
}
