// Splits by person: whether a reward model predicts people whose rankings it never saw.
import { Rng } from "../world/rng.ts";
import type { JudgementRow } from "../storage/events.ts";
import { groupBy, rankedOf } from "./items.ts";

export interface HeldOutSplit {
  readonly train: readonly JudgementRow[];
  readonly heldOut: readonly JudgementRow[];
  readonly heldOutRaters: readonly string[];
  /** Held-out rankings whose item somebody in `train` ranked too: the same prompt, not the same person. */
  readonly shared: number;
}

/**
 * People in groups of about equally many rankings (InstructGPT used five groups, Ouyang et al. 2022
 * §4.1): shuffled, largest first, each into the smallest group.
 * @param rankings how many rankings each person has
 * @returns at most `folds` groups, none empty
 */
export function labelerFolds(
  rankings: ReadonlyMap<string, number>,
  folds: number,
  seed: number,
): string[][] {
  const people = new Rng(seed).shuffle([...rankings.keys()].sort());
  people.sort((x, y) => (rankings.get(y) ?? 0) - (rankings.get(x) ?? 0));
  const groups = Array.from({ length: Math.min(folds, people.length) }, (): string[] => []);
  const sizes = groups.map(() => 0);
  for (const person of people) {
    const smallest = sizes.indexOf(Math.min(...sizes));
    groups[smallest]?.push(person);
    sizes[smallest]! += rankings.get(person) ?? 0;
  }
  return groups;
}

/**
 * One split per group: its people are held out, everybody else trains. [] with fewer than two people,
 * for whom nothing can be held out.
 */
export function heldOutSplits(rows: readonly JudgementRow[], folds = 5, seed = 1): HeldOutSplit[] {
  const byEvent = new Map(rows.map((row) => [row.event, row]));
  const rankings = rankedOf(rows);
  const counts = new Map(
    [...groupBy(rankings, ({ rater }) => rater)].map(([rater, list]) => [rater, list.length]),
  );
  if (counts.size < 2) return [];
  return labelerFolds(counts, folds, seed).map((raters) => {
    const out = rankings.filter(({ rater }) => raters.includes(rater));
    const rest = rankings.filter(({ rater }) => !raters.includes(rater));
    const seen = new Set(rest.map(({ item }) => item));
    const rowsOf = (list: typeof rankings): JudgementRow[] =>
      list.flatMap(({ event }) => byEvent.get(event) ?? []);
    return {
      train: rowsOf(rest),
      heldOut: rowsOf(out),
      heldOutRaters: raters.toSorted(),
      shared: out.filter(({ item }) => seen.has(item)).length,
    };
  });
}
