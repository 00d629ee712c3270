// What a handful of blind choices can and cannot show: luck, intervals, and both in plain words.
export { wilson } from "../evaluation/intervals.ts";

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
  if (trials === 0) return "Nothing was chosen, so there is nothing to count.";
  if (wins === losses) return "You chose each equally often: you prefer neither.";
  if (wins < losses) {
    const more = "You preferred the old answers more often";
    return luck(losses, trials) <= 0.05
      ? `${more}, and that is hard to explain by luck: it learned something else than your taste.`
      : `${more}, which could be luck: no sign that it learned your taste.`;
  }
  if (luck(wins, trials) <= 0.05) return "That is hard to explain by luck.";
  const more = ties > 0 ? "rank two more sets or run it longer" : "rank two more sets";
  return `It could still be luck; ${more}.`;
}
