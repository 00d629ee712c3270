// (a,b) -> (a cos - b sin, a sin + b cos) of angle pos * theta^(-2i/D) for pair i of a head (Su et al. 2021)

const R: u32 = 8u; // param: tokens
const HEADS: u32 = 2u; // param: heads in a row of x
const ROTATED: u32 = 2u; // param: the first of them are rotated, the others copied
const D: u32 = 8u; // param: width of a head, even
const INTERLEAVED: bool = false; // param: pairs are (2i, 2i+1), otherwise (i, i + D/2)
const INVERSE: bool = false; // param: rotate back, which is the backward of the rotation
const ACCUMULATE: bool = false; // param: y += instead of y =
const PAIRS: u32 = D / 2u;
const_assert D % 2u == 0u;
alias X = f32; // param: elements of x, f32 or f16
alias Y = f32; // param: elements of y, f32 or f16

@group(0) @binding(0) var<storage, read> x: array<X>; // (R, HEADS, D)
@group(0) @binding(1) var<storage, read> pos: array<u32>; // (R)
@group(0) @binding(2) var<storage, read> cosines: array<f32>; // (P, D/2)
@group(0) @binding(3) var<storage, read> sines: array<f32>; // (P, D/2)
@group(0) @binding(4) var<storage, read_write> y: array<Y>; // (R, HEADS, D)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let id = (group.y * groups.x + group.x) * 64u + lane;
  if (id >= R * HEADS * PAIRS) { return; }
  let i = id % PAIRS;
  let head = id / PAIRS; // row * HEADS + h
  let first = head * D + select(i, 2u * i, INTERLEAVED);
  let second = first + select(PAIRS, 1u, INTERLEAVED);
  var a = f32(x[first]);
  var b = f32(x[second]);
  if (head % HEADS < ROTATED) {
    let at = pos[head / HEADS] * PAIRS + i;
    let c = cosines[at];
    let s = select(sines[at], -sines[at], INVERSE);
    let turned = a * c - b * s;
    b = a * s + b * c;
    a = turned;
  }
  if (ACCUMULATE) {
    a += f32(y[first]);
    b += f32(y[second]);
  }
  y[first] = Y(a);
  y[second] = Y(b);
}
