// Linear Bradley-Terry rewards over features, fitted by Newton's method, and a bootstrap ensemble of them.
import { Rng } from "../world/rng.ts";
import { drawWeights } from "./bootstrap.ts";
import { cholesky, solveCholesky } from "./linear.ts";
import { order } from "./items.ts";
import { pairsOf } from "./design.ts";

/** One ranking: features of its answers and their ranks, 1 = best. */
export interface RankedFeatures {
  /** (K, d) */
  readonly features: readonly (readonly number[])[];
  /** (K) equal = tied, null = unranked */
  readonly ranks: readonly (number | null)[];
}

const STEPS = 12;
const TOLERANCE = 1e-6;

/** Better minus worse of every untied pair, each divided by √(pairs of its ranking) as weights are. */
interface Pair {
  readonly x: Float64Array;
  readonly ranking: number;
  readonly share: number;
}

function untied(rankings: readonly RankedFeatures[]): Pair[] {
  return rankings.flatMap(({ features, ranks }, ranking) => {
    const found = pairsOf(features.length).flatMap(([a, b]) => {
      const sign = order(ranks, a, b);
      if (sign === null || sign === 0) return [];
      const [better, worse] = sign < 0 ? [a, b] : [b, a];
      return [Float64Array.from(features[better]!, (value, k) => value - features[worse]![k]!)];
    });
    return found.map((x) => ({ x, ranking, share: 1 / found.length }));
  });
}

/**
 * Weights that minimise Σ over rankings of weight · mean over its pairs of −ln σ(w·x) + ½ |w|²: all
 * pairs of a ranking count as one (InstructGPT's loss), the prior is standard normal.
 * @param d number of features
 * @param weights how much each ranking counts; all 1 when left out
 */
export function fitReward(
  rankings: readonly RankedFeatures[],
  d: number,
  weights?: readonly number[],
): Float64Array {
  return newton(untied(rankings), d, weights);
}

function newton(pairs: readonly Pair[], d: number, weights?: readonly number[]): Float64Array {
  const w = new Float64Array(d);
  for (let step = 0; step < STEPS; step++) {
    const gradient = Float64Array.from(w);
    const hessian = new Float64Array(d * d);
    for (let i = 0; i < d; i++) hessian[i * d + i] = 1;
    for (const { x, ranking, share } of pairs) {
      const weight = share * (weights?.[ranking] ?? 1);
      if (weight === 0) continue;
      const miss = 1 / (1 + Math.exp(dot(w, x)));
      const curve = weight * miss * (1 - miss);
      for (let i = 0; i < d; i++) {
        const xi = x[i]!;
        if (xi === 0) continue;
        gradient[i]! -= weight * miss * xi;
        for (let j = 0; j <= i; j++) hessian[i * d + j]! += curve * xi * x[j]!;
      }
    }
    const factor = cholesky(hessian, d);
    if (factor === null) return w;
    const move = solveCholesky(factor, d, gradient);
    let most = 0;
    for (let i = 0; i < d; i++) {
      w[i]! -= move[i]!;
      most = Math.max(most, Math.abs(move[i]!));
    }
    if (most < TOLERANCE) break;
  }
  return w;
}

export function dot(w: ArrayLike<number>, x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < w.length; i++) sum += w[i]! * x[i]!;
  return sum;
}

/** Heads fitted to bootstrap draws of the rankings: where they disagree, the rankings do not tell. */
export function ensemble(
  rankings: readonly RankedFeatures[],
  d: number,
  heads: number,
  seed: number,
): Float64Array[] {
  const rng = new Rng(seed);
  const pairs = untied(rankings);
  return Array.from({ length: heads }, () => newton(pairs, d, drawWeights(rankings.length, rng)));
}
