// what happens to a finished sum of a matrix product before it is stored: every matmul file ends with this one

const N: u32 = 64u; // param: columns of C
const BIAS: bool = false; // param: add bias to every row; otherwise bias is any tensor and not read
const RESIDUAL: bool = false; // param: add r; otherwise, without GELU_BACKWARD, r is any tensor and not read
const GELU: bool = false; // param: e = gelu(C); C is what gelu was applied to
const GELU_BACKWARD: bool = false; // param: multiply by gelu'(r)
const ACCUMULATE: bool = false; // param: C += instead of C =
const SUMS: bool = false; // param: e = sums over the rows of opB(B); otherwise, without GELU, e is not used
const ACCUMULATE_SUMS: bool = false; // param: e += instead of e =
const SQRT_2_OVER_PI: f32 = 0.7978845608028654;
alias R = f32; // param: elements of r, f32 or f16
alias C = f32; // param: elements of c, f32 or f16
alias E = f32; // param: elements of e, f32 or f16

@group(0) @binding(2) var<storage, read> bias: array<f32>; // (N)
@group(0) @binding(3) var<storage, read> r: array<R>; // (batch,M,N)
@group(0) @binding(4) var<storage, read_write> c: array<C>; // (batch,M,N)
@group(0) @binding(5) var<storage, read_write> e: array<E>; // (batch,M,N) or (N)

// tanh is built from exp on some drivers and overflows; beyond 10 it is 1 in f32
fn gelu_tanh(v: f32) -> f32 {
  return tanh(clamp(SQRT_2_OVER_PI * (v + 0.044715 * v * v * v), -10.0, 10.0));
}

fn gelu_slope(v: f32) -> f32 {
  let t = gelu_tanh(v);
  return 0.5 * (1.0 + t) + 0.5 * v * (1.0 - t * t) * SQRT_2_OVER_PI * (1.0 + 0.134145 * v * v);
}

// the sum of element `at`, which lies in column `column`
fn store(at: u32, column: u32, sum: f32) {
  var value = sum;
  if (BIAS) { value += bias[column]; }
  if (RESIDUAL) { value += f32(r[at]); }
  if (GELU_BACKWARD) { value *= gelu_slope(f32(r[at])); }
  if (ACCUMULATE) { value += f32(c[at]); }
  c[at] = C(value);
  if (GELU) { e[at] = E(0.5 * value * (1.0 + gelu_tanh(value))); }
}

// the sum of column `column` of opB(B)
fn store_sum(column: u32, sum: f32) {
  if (ACCUMULATE_SUMS) { e[column] = E(f32(e[column]) + sum); } else { e[column] = E(sum); }
}
