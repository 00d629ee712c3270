// What comparisons of two models' answers add up to: win rates with their uncertainty, and how sure a preference is.

export interface WinRate {
  /** mean outcome, 0 to 1; NaN without comparisons */
  readonly rate: number;
  /** half width of the 95 % confidence interval (normal approximation) */
  readonly halfWidth: number;
}

/** Untied pairs of a ranking, how many of them scores put in the same order, and their mean -log sigmoid(margin). */
export function orderedPairs(
  ranks: readonly (number | null)[],
  scores: readonly number[],
  flip = false,
): { right: number; pairs: number; loss: number } {
  let right = 0;
  let pairs = 0;
  let loss = 0;
  for (let i = 0; i < ranks.length; i++) {
    for (let j = i + 1; j < ranks.length; j++) {
      const a = ranks[i] ?? null;
      const b = ranks[j] ?? null;
      if (a === null || b === null || a === b) continue;
      const gap = (scores[i] ?? 0) - (scores[j] ?? 0);
      const margin = a < b !== flip ? gap : -gap;
      pairs++;
      if (margin > 0) right++;
      loss += Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin)));
    }
  }
  return { right, pairs, loss: loss / Math.max(1, pairs) };
}

/** Win rate of a model over comparisons: 1 = won, 0.5 = tie, 0 = lost. */
export function winRate(outcomes: ArrayLike<number>): WinRate {
  const n = outcomes.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += outcomes[i] ?? 0;
  const rate = sum / n;
  return { rate, halfWidth: 1.96 * Math.sqrt((rate * (1 - rate)) / n) };
}

/**
 * Entropy in bits of the choice between two answers with total log-probabilities a and b (nats):
 * 1 = no preference, 0 = certain.
 */
export function pairEntropy(a: number, b: number): number {
  const gap = Math.abs(a - b);
  const rest = Math.exp(-gap);
  const normaliser = Math.log1p(rest);
  const smaller = rest / (1 + rest);
  // -log of the larger probability is the normaliser, of the smaller one gap more
  const nats = smaller === 0 ? normaliser : normaliser + smaller * gap;
  return nats / Math.LN2;
}
