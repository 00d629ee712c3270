// What a handful of blind choices can and cannot show: luck, intervals, and both in plain words.

/** C(n, k), exact for the small n of a taste test. */
function choose(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return result;
}

/** Probability that a fair coin gives at least `wins` heads in `trials` throws (one-sided binomial). */
export function luck(wins: number, trials: number): number {
  let sum = 0;
  for (let k = wins; k <= trials; k++) sum += choose(trials, k);
  return sum / 2 ** trials;
}

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

/** A share as whole percent. */
export function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** A probability as a person says it; never "0%". */
export function chance(probability: number): string {
  if (probability < 0.005) return "less than 1%";
  return percent(probability);
}

/** The verdict of a taste test in one or two honest sentences. `ties` are "can't tell" answers. */
export function verdict(wins: number, losses: number, ties: number): string {
  const trials = wins + losses;
  if (trials === 0) return "No visible change yet: you could not tell any pair apart.";
  const p = luck(wins, trials);
  if (wins <= losses) {
    return wins === losses
      ? "You chose each model equally often: no visible change yet."
      : "You preferred the old answers more often: no sign that it learned your taste.";
  }
  if (p <= 0.05) return "That is hard to explain by luck.";
  const more = ties > 0 ? "rank two more sets or run it longer" : "rank two more sets";
  return `It could still be luck; ${more}.`;
}
