// The information that chosen comparisons hold about linear rewards, for D-optimal choices.
import { cholesky, logDeterminant, solveCholesky } from "./linear.ts";

/** M = I + Σ w x xᵀ over the pairs added so far; x (d) is a difference of features. */
export class Design {
  readonly #d: number;
  readonly #information: Float64Array;
  #factor: Float64Array;

  /** Starts at the identity: a standard normal prior on the weights of the reward. */
  constructor(d: number) {
    this.#d = d;
    this.#information = new Float64Array(d * d);
    for (let i = 0; i < d; i++) this.#information[i * d + i] = 1;
    this.#factor = Float64Array.from(this.#information);
  }

  /**
   * ln det(M + Σ w x xᵀ) − ln det(M) for an item's answers, as ln det(I + Uᵀ M⁻¹ U) in the smaller
   * space of its pairs.
   * @param features (K, d)
   * @param weights (pairs) in the order of pairsOf(K)
   */
  gain(features: readonly (readonly number[])[], weights: readonly number[]): number {
    const rows = scaledDifferences(features, weights);
    const size = rows.length;
    const solved = rows.map((row) => solveCholesky(this.#factor, this.#d, row));
    const gram = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let sum = i === j ? 1 : 0;
        for (let k = 0; k < this.#d; k++) sum += rows[i]![k]! * solved[j]![k]!;
        gram[i * size + j] = sum;
      }
    }
    const factor = cholesky(gram, size);
    return factor === null ? 0 : logDeterminant(factor, size);
  }

  /** Counts an item as labelled. */
  add(features: readonly (readonly number[])[], weights: readonly number[]): void {
    const d = this.#d;
    for (const row of scaledDifferences(features, weights)) {
      for (let i = 0; i < d; i++) {
        for (let j = 0; j < d; j++) this.#information[i * d + j]! += row[i]! * row[j]!;
      }
    }
    this.#factor = cholesky(this.#information, d) ?? this.#factor;
  }
}

/** All pairs of answers, a before b. */
export function pairsOf(answers: number): [a: number, b: number][] {
  const all = Array.from({ length: answers }, (_, i) => i);
  return all.flatMap((a) => all.slice(a + 1).map((b): [number, number] => [a, b]));
}

/** (pairs, d) √w (φ_a − φ_b). */
function scaledDifferences(
  features: readonly (readonly number[])[],
  weights: readonly number[],
): Float64Array[] {
  return pairsOf(features.length).map(([a, b], pair) => {
    const scale = Math.sqrt(weights[pair] ?? 0);
    return Float64Array.from(features[a]!, (value, k) => scale * (value - features[b]![k]!));
  });
}
