// Strengths from rankings with ties: Plackett-Luce with Davidson's ties (Davidson-Luce), by Newton.
import { centred } from "./bradley-terry.ts";
import { subsets } from "./choices.ts";
import type { Choice } from "./choices.ts";
import { cholesky, solveCholesky } from "./linear.ts";

export interface LuceFit {
  /** (P) ln α with mean 0. */
  readonly lnStrengths: number[];
  /** Tie sizes that occur, with ln δ. */
  readonly ties: { readonly size: number; readonly lnDelta: number }[];
}

/** ln f of a subset is the sum of coefficient[index] · x: 1/t for each of its players, 1 for its tie size. */
type Terms = readonly (readonly [index: number, x: number])[];

/** The same players left: what can be chosen from them. */
interface Field {
  readonly subsets: readonly Terms[];
  /** indices of all coefficients that occur */
  readonly touched: readonly number[];
}

/** Choices prepared once, fitted with any weights. */
export class LuceModel {
  readonly players: number;
  readonly #sizes: readonly number[];
  readonly #fields: Field[] = [];
  /** for each choice its field and its own terms */
  readonly #rows: { field: number; chosen: readonly number[] }[] = [];

  constructor(players: number, choices: readonly Choice[]) {
    this.players = players;
    const sizes = new Set(choices.map(({ chosen }) => chosen.length));
    this.#sizes = [...sizes].filter((size) => size > 1).sort((x, y) => x - y);
    const known = new Map<string, number>();
    for (const { available, chosen } of choices) {
      const slots = available.toSorted((x, y) => x - y);
      const key = slots.join();
      let field = known.get(key);
      if (field === undefined) {
        field = this.#fields.push(this.#field(slots, sizes)) - 1;
        known.set(key, field);
      }
      this.#rows.push({ field, chosen });
    }
  }

  /**
   * Maximum likelihood, or with `prior` wins and losses against a player of strength 1.
   * @param weights (choices) how often each counts; 1 by default
   * @returns null where it does not settle: somebody always wins, or everything is tied
   */
  fit(
    options: { prior?: number; weights?: readonly number[]; start?: LuceFit } = {},
  ): LuceFit | null {
    const { prior = 0, weights, start } = options;
    const size = this.players + this.#sizes.length;
    const { counts, observed } = this.#statistics(weights);
    let beta = Float64Array.from([
      ...(start?.lnStrengths ?? Array.from({ length: this.players }, () => 0)),
      ...this.#sizes.map((n) => start?.ties.find((tie) => tie.size === n)?.lnDelta ?? 0),
    ]);
    for (let step = 0; step < 200; step++) {
      const { value, gradient, hessian } = this.#derivatives(beta, counts, observed, prior);
      const lower = cholesky(hessian, size);
      if (lower === null) return null;
      const direction = solveCholesky(lower, size, gradient);
      if (Math.max(...direction.map(Math.abs)) < 1e-9) return this.#result(beta);
      // Half a step at a time until the likelihood does not fall.
      const from = beta;
      for (let scale = 1; scale > 1e-6; scale /= 2) {
        beta = from.map((b, i) => b + scale * direction[i]!);
        if (this.#value(beta, counts, observed, prior) >= value - 1e-9) break;
      }
      // Odds beyond e^30 come from a player that never lost or a tie that always happened.
      if (beta.some((b) => !(Math.abs(b) < 30))) return null;
    }
    return null;
  }

  /** How often each field was met, and the sums of the chosen subsets' terms. */
  #statistics(weights: readonly number[] | undefined): {
    counts: Float64Array;
    observed: Float64Array;
  } {
    const counts = new Float64Array(this.#fields.length);
    const observed = new Float64Array(this.players + this.#sizes.length);
    this.#rows.forEach(({ field, chosen }, i) => {
      const weight = weights?.[i] ?? 1;
      if (weight === 0) return;
      counts[field]! += weight;
      for (const player of chosen) observed[player]! += weight / chosen.length;
      const tie = this.#sizes.indexOf(chosen.length);
      if (tie >= 0) observed[this.players + tie]! += weight;
    });
    return { counts, observed };
  }

  #field(slots: readonly number[], sizes: ReadonlySet<number>): Field {
    const all = subsets(slots, sizes).map((subset): Terms => {
      const tie = this.#sizes.indexOf(subset.length);
      const players = subset.map((player): [number, number] => [player, 1 / subset.length]);
      return tie < 0 ? players : [...players, [this.players + tie, 1]];
    });
    return { subsets: all, touched: [...new Set(all.flat().map(([i]) => i))] };
  }

  /** Log-likelihood, with the prior's. */
  #value(beta: Float64Array, counts: Float64Array, observed: Float64Array, prior: number): number {
    let value = observed.reduce((sum, o, i) => sum + o * beta[i]!, 0);
    this.#fields.forEach(({ subsets: all }, f) => {
      if (counts[f] !== 0) value -= counts[f]! * logSum(all.map((terms) => lnWeight(terms, beta)));
    });
    return value + this.#lnPrior(beta, prior);
  }

  #lnPrior(beta: Float64Array, prior: number): number {
    const players = beta.subarray(0, this.players);
    return prior * players.reduce((sum, b) => sum + b - 2 * Math.log1p(Math.exp(b)), 0);
  }

  /** The value, its gradient, and minus its second derivatives (with 1 1ᵀ where the mean is free). */
  #derivatives(
    beta: Float64Array,
    counts: Float64Array,
    observed: Float64Array,
    prior: number,
  ): { value: number; gradient: Float64Array; hessian: Float64Array } {
    const size = beta.length;
    const gradient = Float64Array.from(observed);
    const hessian = new Float64Array(size * size);
    let value = observed.reduce((sum, o, i) => sum + o * beta[i]!, 0);
    this.#fields.forEach(({ subsets: all, touched }, f) => {
      const n = counts[f]!;
      if (n === 0) return;
      const scores = all.map((terms) => lnWeight(terms, beta));
      const total = logSum(scores);
      value -= n * total;
      const expected = new Float64Array(size);
      all.forEach((terms, s) => {
        const p = Math.exp(scores[s]! - total);
        for (const [i, x] of terms) {
          expected[i]! += p * x;
          for (const [j, y] of terms) hessian[i * size + j]! += n * p * x * y;
        }
      });
      for (const i of touched) {
        gradient[i]! -= n * expected[i]!;
        for (const j of touched) hessian[i * size + j]! -= n * expected[i]! * expected[j]!;
      }
    });
    this.#regularise(beta, gradient, hessian, prior);
    return { value: value + this.#lnPrior(beta, prior), gradient, hessian };
  }

  /** The prior's part; without a prior the mean of the strengths is free and is held in place. */
  #regularise(
    beta: Float64Array,
    gradient: Float64Array,
    hessian: Float64Array,
    prior: number,
  ): void {
    const size = beta.length;
    for (let p = 0; p < this.players; p++) {
      const against = 1 / (1 + Math.exp(-beta[p]!));
      gradient[p]! += prior * (1 - 2 * against);
      hessian[p * size + p]! += 2 * prior * against * (1 - against);
      if (prior > 0) continue;
      for (let q = 0; q < this.players; q++) hessian[p * size + q]! += 1;
    }
    for (let i = 0; i < size; i++) hessian[i * size + i]! += 1e-12;
  }

  #result(beta: Float64Array): LuceFit {
    const ties = this.#sizes.map((n, t) => ({ size: n, lnDelta: beta[this.players + t]! }));
    return { lnStrengths: centred([...beta.subarray(0, this.players)]), ties };
  }
}

function lnWeight(terms: Terms, beta: Float64Array): number {
  let sum = 0;
  for (const [i, x] of terms) sum += beta[i]! * x;
  return sum;
}

function logSum(values: readonly number[]): number {
  const most = values.reduce((x, y) => Math.max(x, y), -Infinity);
  return most + Math.log(values.reduce((sum, v) => sum + Math.exp(v - most), 0));
}
