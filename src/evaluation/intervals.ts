// 95 % intervals of shares and means: Wilson's, the normal one, and a bootstrap over clusters.

/** A number with the interval that it lies in with 95 % confidence, and what it was taken over. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Samples behind it. */
  readonly n: number;
}

/** Two-sided 95 % quantile of the standard normal distribution. */
export const Z95 = 1.959963984540054;

/**
 * Wilson score interval of a share (Wilson 1927); z = 1.96 for 95 %.
 * With no trials nothing is known: [0, 1].
 */
export function wilson(wins: number, trials: number, z = 1.96): [low: number, high: number] {
  if (trials === 0) return [0, 1];
  const p = wins / trials;
  const scale = 1 + (z * z) / trials;
  const centre = (p + (z * z) / (2 * trials)) / scale;
  const half = (z / scale) * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/** Share of independent yes-or-no samples with Wilson's interval; NaN without samples. */
export function share(hits: readonly boolean[]): Estimate {
  const wins = hits.filter((hit) => hit).length;
  const [low, high] = wilson(wins, hits.length, Z95);
  return { value: wins / hits.length, low, high, n: hits.length };
}

/** Mean of independent samples with the normal interval `mean ± 1.96 s / √n`; NaN without samples. */
export function mean(values: readonly number[]): Estimate {
  const n = values.length;
  const average = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - average) ** 2, 0);
  const half = n < 2 ? Infinity : Z95 * Math.sqrt(squares / (n - 1) / n);
  return { value: average, low: average - half, high: average + half, n };
}

/** The `q` quantile (0 to 1) of sorted values, interpolated between neighbours (R's type 7). */
export function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? NaN;
  const high = sorted[Math.ceil(at)] ?? NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** Values of one cluster (the samples of one prompt): they are drawn together or not at all. */
export interface Cluster {
  readonly sum: number;
  readonly count: number;
}

/** Samples by cluster; `key` names the cluster of a sample, which may stand for several that `value` is the sum of. */
export function clusters<T>(
  samples: readonly T[],
  key: (sample: T) => string,
  value: (sample: T) => number,
  count: (sample: T) => number = () => 1,
): Cluster[] {
  const found = new Map<string, { sum: number; count: number }>();
  for (const sample of samples) {
    const name = key(sample);
    const cluster = found.get(name) ?? { sum: 0, count: 0 };
    cluster.sum += value(sample);
    cluster.count += count(sample);
    found.set(name, cluster);
  }
  return [...found.values()];
}

/**
 * Percentile interval of a statistic by a bootstrap that draws whole groups; draws that give no number are left out.
 * The same seed gives the same interval.
 */
export function resampled<T>(
  groups: readonly T[],
  statistic: (drawn: readonly T[]) => number,
  draws = 1000,
  seed = 1,
): { readonly low: number; readonly high: number } {
  const random = uniform(seed);
  const found = Array.from({ length: draws }, () =>
    statistic(groups.map(() => groups[Math.floor(random() * groups.length)] as T)),
  )
    .filter((value) => !Number.isNaN(value))
    .toSorted((a, b) => a - b);
  return { low: quantile(found, 0.025), high: quantile(found, 0.975) };
}

/**
 * Mean over all samples with the percentile interval of a bootstrap that draws whole clusters. Samples of one prompt
 * are alike, so that an interval that takes them for independent is too narrow. Clusters without samples say nothing
 * and are not drawn.
 */
export function bootstrap(all: readonly Cluster[], draws = 1000, seed = 1): Estimate {
  const groups = all.filter(({ count }) => count > 0);
  const total = (list: readonly Cluster[], pick: (one: Cluster) => number): number =>
    list.reduce((sum, one) => sum + pick(one), 0);
  const count = ({ count: samples }: Cluster): number => samples;
  const meanOf = (list: readonly Cluster[]): number =>
    total(list, ({ sum }) => sum) / total(list, count);
  const value = meanOf(groups);
  return { value, ...resampled(groups, meanOf, draws, seed), n: total(groups, count) };
}

/**
 * The same for a share, or a mean of scores from 0 to 1. Where all samples are 0, or all 1, drawing them again knows no
 * doubt: there the interval is Wilson's over the clusters.
 */
export function bootstrapShare(groups: readonly Cluster[], draws = 1000, seed = 1): Estimate {
  const found = bootstrap(groups, draws, seed);
  if (found.value !== 0 && found.value !== 1) return found;
  const n = groups.filter(({ count }) => count > 0).length;
  const [low, high] = wilson(found.value * n, n, Z95);
  return { ...found, low, high };
}

/** A generator of uniform numbers in [0, 1) (mulberry32 by Tommy Ettinger), enough for resampling. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Does the interval lie wholly on one side of `value`? */
export function excludes({ low, high }: Estimate, value: number): boolean {
  return low > value || high < value;
}
