// Strengths from pairwise wins: Bradley-Terry by MM, a tie counting as half a win each.

/** Win counts: wins[i][j] = how often i beat j; a tie is ½ in both. The diagonal is not read. */
export type Wins = readonly (readonly number[])[];

export interface BradleyTerryOptions {
  /**
   * Wins and losses of every player against an imagined one of strength 1; ½ makes every graph
   * usable, 0 is maximum likelihood.
   */
  prior?: number;
  /** (P) ln strengths to start from. */
  start?: readonly number[];
}

/** Elo points of a ln strength: 400 points are odds of 10 to 1, the mean player has 1000. */
export function elo(lnStrength: number): number {
  return 1000 + (400 / Math.LN10) * lnStrength;
}

/**
 * True when every player can be reached from every other by going from winners to losers: otherwise
 * the strengths of maximum likelihood are infinite (Ford 1957).
 */
export function stronglyConnected(wins: Wins): boolean {
  const size = wins.length;
  const reaches = (beats: (i: number, j: number) => boolean): boolean => {
    const seen = new Set([0]);
    for (const i of seen) for (let j = 0; j < size; j++) if (beats(i, j)) seen.add(j);
    return seen.size === size;
  };
  return (
    size > 0 &&
    reaches((i, j) => i !== j && wins[i]![j]! > 0) &&
    reaches((i, j) => i !== j && wins[j]![i]! > 0)
  );
}

const MOST_STEPS = 10_000;
const TOLERANCE = 1e-10;

/**
 * ln strengths with mean 0 by θ_i ← W_i / Σ_j n_ij / (θ_i + θ_j) (Zermelo 1929; Hunter 2004).
 * @returns null when the graph is not strongly connected and there is no prior, or when it does not settle
 */
export function bradleyTerry(wins: Wins, options: BradleyTerryOptions = {}): number[] | null {
  const { prior = 0, start } = options;
  const size = wins.length;
  if (size === 0 || (prior === 0 && !stronglyConnected(wins))) return null;
  const won = wins.map((row, i) => row.reduce((sum, n, j) => sum + (i === j ? 0 : n), prior));
  let theta = Array.from({ length: size }, (_, i) => Math.exp(start?.[i] ?? 0));
  for (let step = 0; step < MOST_STEPS; step++) {
    let change = 0;
    // One after the other (Gauss-Seidel), which takes about half the steps.
    for (let i = 0; i < size; i++) {
      let sum = (2 * prior) / (theta[i]! + 1);
      for (let j = 0; j < size; j++) {
        if (i !== j) sum += (wins[i]![j]! + wins[j]![i]!) / (theta[i]! + theta[j]!);
      }
      const next = won[i]! / sum;
      change = Math.max(change, Math.abs(Math.log(next / theta[i]!)));
      theta[i] = next;
    }
    // With a prior the scale is not free.
    if (prior === 0) {
      const centre = Math.exp(theta.reduce((sum, t) => sum + Math.log(t), 0) / size);
      theta = theta.map((t) => t / centre);
    }
    if (change < TOLERANCE) return centred(theta.map(Math.log));
  }
  return null;
}

/** The values minus their mean. */
export function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return values.map((v) => v - mean);
}
