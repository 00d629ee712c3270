// u = h w + b; one thread per row, four accumulators

const R: u32 = 64u; // param: rows
const C: u32 = 64u; // param: channels
const C4: u32 = C / 4u * 4u;

@group(0) @binding(0) var<storage, read> h: array<f32>; // (R,C)
@group(0) @binding(1) var<storage, read> w: array<f32>; // (C)
@group(0) @binding(2) var<storage, read> b: array<f32>; // (1)
@group(0) @binding(3) var<storage, read_write> u: array<f32>; // (R)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let r = (group.y * groups.x + group.x) * 64u + lane;
  if (r >= R) { return; }
  let row = r * C;
  var sum = vec4f();
  for (var c = 0u; c < C4; c += 4u) {
    let at = row + c;
    sum += vec4f(h[at], h[at + 1u], h[at + 2u], h[at + 3u])
         * vec4f(w[c], w[c + 1u], w[c + 2u], w[c + 3u]);
  }
  var rest = b[0];
  for (var c = C4; c < C; c++) { rest += h[row + c] * w[c]; }
  u[r] = (sum.x + sum.y) + (sum.z + sum.w) + rest;
}
