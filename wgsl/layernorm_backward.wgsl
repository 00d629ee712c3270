// dx = (g - mean(g) - n mean(g n)) / sqrt(var + eps) with g = dy w and n = normalised x; one thread per row

const R: u32 = 64u; // param: rows
const C: u32 = 64u; // param: columns
const ACCUMULATE: bool = false; // param: dx += instead of dx =

@group(0) @binding(0) var<storage, read> x: array<f32>; // (R,C)
@group(0) @binding(1) var<storage, read> w: array<f32>; // (C)
@group(0) @binding(2) var<storage, read> stats: array<f32>; // (R,2)
@group(0) @binding(3) var<storage, read> dy: array<f32>; // (R,C)
@group(0) @binding(4) var<storage, read_write> dx: array<f32>; // (R,C)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= R) { return; }
  let at = i * C;
  // C, but unknown to the compiler: software adapters take seconds to compile what they unroll
  let width = C + group.z;
  let mean = stats[2u * i];
  let inverse = stats[2u * i + 1u];
  let tail = width - width % 4u;
  var s = vec4f(0.0);
  var p = vec4f(0.0);
  for (var c = 0u; c < tail; c += 4u) {
    let n = (vec4f(x[at + c], x[at + c + 1u], x[at + c + 2u], x[at + c + 3u]) - mean) * inverse;
    let g = vec4f(dy[at + c], dy[at + c + 1u], dy[at + c + 2u], dy[at + c + 3u])
      * vec4f(w[c], w[c + 1u], w[c + 2u], w[c + 3u]);
    s += g;
    p += g * n;
  }
  var sum = s.x + s.y + s.z + s.w;
  var product = p.x + p.y + p.z + p.w;
  for (var c = tail; c < width; c++) {
    let g = dy[at + c] * w[c];
    sum += g;
    product += g * (x[at + c] - mean) * inverse;
  }
  sum /= f32(C);
  product /= f32(C);
  for (var c = 0u; c < width; c++) {
    let n = (x[at + c] - mean) * inverse;
    let d = (dy[at + c] * w[c] - sum - n * product) * inverse;
    if (ACCUMULATE) { dx[at + c] += d; } else { dx[at + c] = d; }
  }
}
