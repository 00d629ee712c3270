// The few distributions that tests and intervals need, in double precision.

/** Lanczos' coefficients for g = 7, n = 9 (Godfrey 2001); ln Γ to about 1e-15. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
  -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
  1.5056327351493116e-7,
] as const;

/** ln Γ(x) for x > 0. */
export function lnGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - lnGamma(1 - x);
  const z = x - 1;
  const base = z + 7.5;
  const series = LANCZOS.reduce((sum, c, i) => (i === 0 ? c : sum + c / (z + i)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(base) - base + Math.log(series);
}

/**
 * Q(a, x) = Γ(a, x) / Γ(a), the upper regularised incomplete gamma function: a series below a + 1,
 * Lentz's continued fraction above (Numerical Recipes §6.2).
 */
function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - lnGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 1000 && term > sum * 1e-16; n++) sum += term *= x / (a + n);
    return 1 - scale * sum;
  }
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 1000; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / nonZero(an * d + b, tiny);
    c = nonZero(b + an / c, tiny);
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return scale * h;
}

function nonZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/** Probability that a χ² variable with `freedom` degrees is at least `statistic`. */
export function chiSquareTail(statistic: number, freedom: number): number {
  return freedom <= 0 ? 1 : upperGamma(freedom / 2, statistic / 2);
}

/** Exact two-sided binomial test against ½: the probability of a split at least this uneven. */
export function signTest(a: number, b: number): number {
  const n = a + b;
  const low = Math.min(a, b);
  let sum = 0;
  for (let k = 0; k <= low; k++) {
    sum += Math.exp(lnGamma(n + 1) - lnGamma(k + 1) - lnGamma(n - k + 1) - n * Math.LN2);
  }
  return Math.min(1, 2 * sum);
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Wilson's 95 % interval of a share (Wilson 1927); [0, 1] without trials. */
export function wilsonInterval(hits: number, trials: number, z = 1.959964): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const p = hits / trials;
  const scale = 1 + (z * z) / trials;
  const centre = (p + (z * z) / (2 * trials)) / scale;
  const half = (z / scale) * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** The value below which a share `q` of the sorted values lies, linear between neighbours. */
export function quantile(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((x, y) => x - y),
    0.5,
  );
}

/** The middle 95 % of bootstrap values; null with fewer than 40, where the ends mean nothing. */
export function percentileInterval(values: readonly number[]): Interval | null {
  const finite = values.filter((value) => Number.isFinite(value)).sort((x, y) => x - y);
  if (finite.length < 40) return null;
  return { low: quantile(finite, 0.025), high: quantile(finite, 0.975) };
}
