// The bootstrap over items (Efron 1979): the same statistic on items drawn again with replacement.
import { Rng } from "../world/rng.ts";

/** Rounds of every interval on the page. */
export const ROUNDS = 1000;

/**
 * (items) how often each item is drawn in one round. Items and not pairs are drawn: the pairs of one
 * item depend on each other.
 */
export function drawWeights(items: number, rng: Rng): number[] {
  const weights = Array.from({ length: items }, () => 0);
  for (let i = 0; i < items; i++) weights[rng.int(items)]! += 1;
  return weights;
}

/**
 * Runs `statistic` on `rounds` draws, a step of the generator for each, and returns its values in
 * order of the draws.
 */
export function* bootstrap<T>(
  items: number,
  rounds: number,
  seed: number,
  statistic: (weights: readonly number[]) => T,
): Generator<void, T[]> {
  const rng = new Rng(seed);
  const values: T[] = [];
  for (let round = 0; round < rounds; round++) {
    values.push(statistic(drawWeights(items, rng)));
    yield;
  }
  return values;
}
