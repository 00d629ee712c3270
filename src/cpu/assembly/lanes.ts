// Helpers on four lanes: partial stores, masks of the last lanes, sums across lanes, exp.
// Loads may read up to 12 bytes past a tensor (the memory keeps room behind the last); stores never write there.

/** Lane i set when i < left. */
export function lanes(left: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(left));
}

/** Stores the first `left` lanes, or all four. */
export function put(to: usize, x: v128, left: i32): void {
  if (left >= 4) {
    v128.store(to, x);
    return;
  }
  v128.store_lane<f32>(to, x, 0);
  if (left > 1) v128.store_lane<f32>(to, x, 1, 4);
  if (left > 2) v128.store_lane<f32>(to, x, 2, 8);
}

/** Stores or adds the first `left` lanes. */
export function give(to: usize, x: v128, left: i32, add: bool): void {
  put(to, add ? f32x4.add(v128.load(to), x) : x, left);
}

/** a * b + c: fused in the module for engines with relaxed SIMD, two roundings in the other. */
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

/** Sum of the four lanes. */
export function total(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** Largest of the four lanes. */
export function largest(x: v128): f32 {
  const pairs = f32x4.pmax(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

// An engine builds a constant vector anew at every use; a load that fills all lanes is one operation.
// prettier-ignore
const TABLE = memory.data<f32>([
  88, -87, 1.44269504, 12582912, 0.693359375, 2.1219444e-4, 1.98756915e-4, 1.3981999507e-3,
  8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1, -1.5957691216, 0.044715,
  0.13414499163627625, 1.5957691216,
]);

// Places in TABLE. exp: its range, 1 / ln 2, 1.5 * 2^23, ln 2 in two parts, six coefficients, the highest first.
const HIGHEST = 0;
const LOWEST = 1;
const LOG2_E = 2;
const ROUND = 3;
const LN2_HIGH = 4;
const LN2_LOW = 5;
const SERIES = 6;
const ONE = 12;
// GELU: -2 sqrt(2 / pi), 0.044715, three times that in f32, 2 sqrt(2 / pi).
const MINUS_TWICE_ROOT = 13;
const CUBIC = 14;
const CUBIC_THRICE = 15;
const TWICE_ROOT = 16;

function constant(i: i32): v128 {
  return v128.load_splat<f32>(TABLE + ((<usize>i) << 2));
}

/**
 * exp(x) within 2 units in the last place, arguments clamped to -87 .. 88: x = n ln 2 + r, a polynomial of r
 * (the coefficients of Cephes' expf), and n added to the exponent bits.
 */
export function exp(x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, constant(HIGHEST)), constant(LOWEST));
  // 1.5 * 2^23 leaves the rounded integer in the low bits
  const shifted = f32x4.add(f32x4.mul(x, constant(LOG2_E)), constant(ROUND));
  const n = f32x4.sub(shifted, constant(ROUND));
  let r = f32x4.sub(x, f32x4.mul(n, constant(LN2_HIGH)));
  r = f32x4.add(r, f32x4.mul(n, constant(LN2_LOW)));
  let y = f32x4.add(f32x4.mul(r, constant(SERIES)), constant(SERIES + 1));
  y = f32x4.add(f32x4.mul(y, r), constant(SERIES + 2));
  y = f32x4.add(f32x4.mul(y, r), constant(SERIES + 3));
  y = f32x4.add(f32x4.mul(y, r), constant(SERIES + 4));
  y = f32x4.add(f32x4.mul(y, r), constant(SERIES + 5));
  y = f32x4.add(f32x4.mul(y, f32x4.mul(r, r)), f32x4.add(r, constant(ONE)));
  return i32x4.add(y, i32x4.shl(shifted, 23));
}

/** 1 / (1 + exp(-2 u)) = (1 + tanh(u)) / 2, u = sqrt(2 / pi) (v + 0.044715 v^3) the argument of GELU's tanh at v. */
export function gate(v: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(constant(CUBIC), v), f32x4.mul(v, v));
  const u = f32x4.mul(constant(MINUS_TWICE_ROOT), f32x4.add(v, cube));
  return f32x4.div(constant(ONE), f32x4.add(constant(ONE), exp(u)));
}

/** Derivative of v g by v, g = gate(v): g + v g' with g' = 2 g (1 - g) u'. */
export function slope(v: v128, g: v128): v128 {
  const square = f32x4.mul(constant(CUBIC_THRICE), f32x4.mul(v, v));
  const steep = f32x4.mul(constant(TWICE_ROOT), f32x4.add(constant(ONE), square));
  return f32x4.add(g, f32x4.mul(f32x4.mul(v, g), f32x4.mul(f32x4.sub(constant(ONE), g), steep)));
}

/** log(x) of a positive normal number: x = 2^e m with m near 1, and the series of atanh((m-1)/(m+1)). */
export function log(x: f32): f32 {
  const bits = reinterpret<i32>(x) - 0x3f3504f3; // sqrt(1/2)
  const e = bits >> 23;
  const m = <f64>reinterpret<f32>((bits & 0x7fffff) + 0x3f3504f3);
  const s = (m - 1) / (m + 1);
  const z = s * s;
  const series = 1 + z * (1 / 3.0 + z * (1 / 5.0 + z * (1 / 7.0 + z * (1 / 9.0 + z * (1 / 11.0)))));
  return <f32>(<f64>e * 0.6931471805599453 + 2 * s * series);
}
