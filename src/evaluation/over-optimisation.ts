// Over-optimisation: the learned reward against the gold one over the square root of the KL distance.

/** One checkpoint of a run: distance from the reference in nats, and both rewards. */
export interface RewardPoint {
  readonly kl: number;
  readonly learned: number;
  readonly gold: number;
}

export interface OverOptimisation {
  /** Points in order of distance: `distance` is √KL. */
  readonly curve: readonly (RewardPoint & { readonly distance: number })[];
  /** Where gold is highest. */
  readonly peak: number;
  /** How far gold has fallen from its peak at the last point. */
  readonly fall: number;
  /** Learned reward at the last point minus that at gold's peak: above 0, it still rose. */
  readonly learnedRise: number;
  /** Gold fell while the learned reward rose. */
  readonly overOptimised: boolean;
}

/**
 * Reads the curve of Gao et al. 2023 off the points of one run. `margin`: gold must fall by more
 * than this to count (its standard error). Throws a RangeError without points.
 */
export function overOptimisation(points: readonly RewardPoint[], margin = 0): OverOptimisation {
  const curve = points
    .map((one) => ({ ...one, distance: Math.sqrt(Math.max(0, one.kl)) }))
    .sort((a, b) => a.kl - b.kl);
  const [last, top] = [curve.at(-1), curve.reduce((a, b) => (b.gold > a.gold ? b : a), curve[0]!)];
  if (last === undefined) {
    throw new RangeError("overOptimisation: found no points, expected at least one; no curve.");
  }
  const fall = top.gold - last.gold;
  const learnedRise = last.learned - top.learned;
  return {
    curve,
    peak: top.distance,
    fall,
    learnedRise,
    overOptimised: fall > margin && learnedRise > 0,
  };
}

/**
 * KL distance of best-of-n from the policy it samples: log n - (n - 1) / n nats (Stiennon et al.
 * 2020), exact when no two rewards are equal, an upper bound otherwise.
 */
export function bestOfNKl(n: number): number {
  return Math.log(n) - (n - 1) / n;
}

/**
 * Expected best of n out of N scored samples of one prompt without replacement: unbiased, and of
 * less variance than the best of one draw of n. `by` orders the samples, `value` is averaged.
 *
 * With values sorted by `by`, the i-th (from 0) is the best of n with probability C(i, n-1)/C(N, n).
 */
export function bestOfN(
  samples: readonly { readonly by: number; readonly value: number }[],
  n: number,
): number {
  const total = samples.length;
  if (n < 1 || n > total) {
    throw new RangeError(
      `bestOfN: n is ${n}, expected 1 to the ${total} samples that there are; no value.`,
    );
  }
  const sorted = samples.toSorted((a, b) => a.by - b.by);
  // Weight of the best sample is n / N; going down, C(i-1, n-1) / C(i, n-1) = (i - n + 1) / i.
  let weight = n / total;
  let expected = 0;
  for (let i = total - 1; i >= n - 1; i--) {
    expected += weight * (sorted[i]?.value ?? 0);
    if (i > 0) weight *= (i - n + 1) / i;
  }
  return expected;
}
