// What comparisons of two models' answers add up to: win rates with their uncertainty, and how sure a preference is.

export interface WinRate {
  /** mean outcome, 0 to 1; NaN without comparisons */
  readonly rate: number;
  /** half width of the 95 % confidence interval (normal approximation) */
  readonly halfWidth: number;
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
