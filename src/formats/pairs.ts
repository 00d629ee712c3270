// From rankings of K answers to pairs: which are made, and how many of each kind cannot be.
import type { Candidate, Message, Ranking } from "./records.ts";

/** One pair of answers of a ranking, the better one first. */
export interface Pair {
  ranking: Ranking;
  chosen: number;
  rejected: number;
  /** 0 no information, 1/3 slightly, 2/3 better, 1 much better, to 7 digits; or what an imported pair came with. */
  margin: number;
  /** 1 / (pairs made of this ranking), to 7 digits. */
  weight: number;
}

/** What a file of pairs leaves out, counted. */
export interface PairLosses {
  ties: number;
  unranked: number;
  identical: number;
  empty: number;
  skipped: number;
}

/**
 * All C(K, 2) pairs of each ranking but ties and unranked answers, in the order of the rankings and
 * of the indices (i, j), i < j. Equal or empty texts make no pair: a trainer learns nothing from them.
 */
export function pairsOf(rankings: readonly Ranking[]): { pairs: Pair[]; left: PairLosses } {
  const left: PairLosses = { ties: 0, unranked: 0, identical: 0, empty: 0, skipped: 0 };
  const pairs = rankings.flatMap((ranking) => {
    if (ranking.outcome === "skipped") {
      left.skipped++;
      return [];
    }
    const made = indexPairs(ranking.completions.length).flatMap(([i, j]) => {
      const outcome = pairOf(ranking, i, j);
      if (typeof outcome !== "string") return [outcome];
      left[outcome]++;
      return [];
    });
    const weight = digits7(1 / made.length);
    return made.map((pair) => ({ ...pair, weight }));
  });
  return { pairs, left };
}

/** Pairs of indices below k, in order. */
export function indexPairs(k: number): [number, number][] {
  const pairs: [number, number][] = [];
  for (let i = 0; i < k; i++) for (let j = i + 1; j < k; j++) pairs.push([i, j]);
  return pairs;
}

function pairOf(
  ranking: Ranking,
  i: number,
  j: number,
): Omit<Pair, "weight"> | keyof Omit<PairLosses, "skipped"> {
  const [a, b] = [ranking.completions[i], ranking.completions[j]];
  if (a === undefined || b === undefined) return "unranked";
  if (ranking.unranked.includes(i) || ranking.unranked.includes(j)) return "unranked";
  if (a.rank === b.rank) return "ties";
  if (sameMessages(a.completion, b.completion)) return "identical";
  if (isEmpty(a) || isEmpty(b)) return "empty";
  const [chosen, rejected] = a.rank < b.rank ? [i, j] : [j, i];
  return { ranking, chosen, rejected, margin: marginOf(ranking, a.rank, b.rank) };
}

/**
 * A third for each step of strength between the two groups, at most 1; of a pair that came with a margin of another
 * scale, that margin.
 */
function marginOf({ strengths, completions, extra }: Ranking, one: number, other: number): number {
  if (completions.length === 2 && extra.includes('"margin"')) {
    const { margin } = JSON.parse(extra) as { margin?: unknown };
    if (typeof margin === "number") return digits7(margin);
  }
  const between = strengths.slice(Math.min(one, other), Math.max(one, other));
  const steps = between.reduce((sum, strength) => sum + strength, 0);
  return digits7(Math.min(3, steps) / 3);
}

/** A number to 7 digits after the point, so that every reader prints it alike. */
function digits7(x: number): number {
  return Number(x.toFixed(7));
}

/** True when one list of messages says what the other says. */
export function sameMessages(a: readonly Message[], b: readonly Message[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ role, content }, i) => role === b[i]?.role && content === b[i].content)
  );
}

/** True for an answer without text. */
export function isEmpty({ completion }: Pick<Candidate, "completion">): boolean {
  return completion.every(({ content }) => content === "");
}
