// When a silent gold set or a repeat is due: at a random place in every block of judgements, the same for a reload.
import { sha256 } from "../../storage/sha256.ts";

/** Judgements between a set and its repeat, at least (a person must have forgotten it). */
export const REPEAT_GAP = 20;
const REPEAT = "~2";

/** The name under which an item is asked a second time. */
export function repeatOf(item: string): string {
  return `${item}${REPEAT}`;
}

export function isRepeat(item: string): boolean {
  return item.endsWith(REPEAT);
}

/** The item itself, whether it is asked for the first or the second time. */
export function itemOf(item: string): string {
  return isRepeat(item) ? item.slice(0, -REPEAT.length) : item;
}

/**
 * How many extras are due after `n` ordinary judgements: one in every block of `every`, at a place
 * that person and kind fix, so that nobody can count on it.
 */
export function due(n: number, every: number, seed: string): number {
  if (every <= 0) return 0;
  const block = Math.floor(n / every);
  const place = Number.parseInt(sha256(`${seed}\n${block}`).slice(0, 8), 16) % every;
  return block + (n % every > place ? 1 : 0);
}

/** A list in an order that a seed fixes. */
export function inSeededOrder(list: readonly string[], seed: string): string[] {
  const keys = new Map(list.map((one) => [one, sha256(`${seed}\n${one}`)]));
  return list.toSorted((a, b) => ((keys.get(a) ?? "") < (keys.get(b) ?? "") ? -1 : 1));
}
