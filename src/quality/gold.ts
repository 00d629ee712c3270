// Gold items: rankings whose right answer is known, worked (explained at once) or silent.
import { comparePairs } from "./agreement.ts";
import { wilsonInterval } from "./distributions.ts";
import type { Interval } from "./distributions.ts";
import { groupBy, order, saidBy } from "./items.ts";
import type { JudgementRow } from "../storage/events.ts";

export interface GoldItem {
  readonly task: string;
  /** `worked`: for training people, the explanation follows their answer; `silent`: they never know. */
  readonly kind: "worked" | "silent";
  /** (K) right ranks in the order of the task's answers: 1 = best, equal = either way, null = not asked. */
  readonly ranks: readonly (number | null)[];
  readonly explanation: string;
  /** Who knew the answer: their own ranking is not scored. */
  readonly author?: string;
}

/** Share of right pairs that passes: the soft cut of InstructGPT's screening (Ouyang et al. 2022, B.1). */
export const GOLD_PASS = 0.75;

export interface GoldScore {
  /** Pairs that the gold orders and this ranking has right; a tie is half right. */
  readonly right: number;
  readonly pairs: number;
  readonly share: number;
  readonly pass: boolean;
}

/**
 * Scores one ranking: over the pairs that the gold orders, right counts 1, tied ½, unranked 0.
 * @returns null when the gold orders nothing
 */
export function scoreGold(
  ranks: readonly (number | null)[],
  gold: GoldItem,
  pass = GOLD_PASS,
): GoldScore | null {
  const wanted = comparePairs(gold.ranks, gold.ranks).same;
  if (wanted === 0) return null;
  const { same } = comparePairs(ranks, gold.ranks);
  const right = same + tiedAgainst(ranks, gold.ranks) / 2;
  const share = right / wanted;
  return { right, pairs: wanted, share, pass: share >= pass };
}

/** Pairs that the ranking ties and the gold orders. */
function tiedAgainst(ranks: readonly (number | null)[], gold: GoldItem["ranks"]): number {
  let tied = 0;
  for (let a = 0; a < gold.length; a++) {
    for (let b = a + 1; b < gold.length; b++) {
      const [wanted, said] = [order(gold, a, b), order(ranks, a, b)];
      if (wanted !== null && wanted !== 0 && said === 0) tied++;
    }
  }
  return tied;
}

export interface GoldSummary {
  readonly rater: string;
  readonly kind: GoldItem["kind"];
  readonly items: number;
  readonly passed: number;
  /** Over all pairs of all its items, with Wilson's interval of whole pairs. */
  readonly share: number;
  readonly interval: Interval;
  /** In the order ranked. */
  readonly scores: readonly GoldScore[];
}

/** Scores of each person on each kind of gold, people in alphabetical order. */
export function goldScores(
  rows: readonly JudgementRow[],
  gold: readonly GoldItem[],
  pass = GOLD_PASS,
): GoldSummary[] {
  const byTask = new Map(gold.map((item) => [item.task, item]));
  const scored = rows
    .toSorted((x, y) => (x.event < y.event ? -1 : 1))
    .flatMap((row) => {
      const item = byTask.get(row.task);
      const said = saidBy(row);
      if (item === undefined || said === null || row.annotator === item.author) return [];
      const score = scoreGold(
        said.cannotTell ? said.ranks.map(() => null) : said.ranks,
        item,
        pass,
      );
      const rater = said.source === "person" ? row.annotator : said.source;
      return score === null ? [] : [{ rater, kind: item.kind, score }];
    });
  const groups = groupBy(scored, ({ rater, kind }) => JSON.stringify([rater, kind]));
  return [...groups.values()]
    .map((list) =>
      summary(
        list[0]!.rater,
        list[0]!.kind,
        list.map(({ score }) => score),
      ),
    )
    .sort((x, y) => (x.rater + x.kind < y.rater + y.kind ? -1 : 1));
}

function summary(rater: string, kind: GoldItem["kind"], scores: GoldScore[]): GoldSummary {
  const right = scores.reduce((sum, score) => sum + score.right, 0);
  const pairs = scores.reduce((sum, score) => sum + score.pairs, 0);
  return {
    rater,
    kind,
    items: scores.length,
    passed: scores.filter((score) => score.pass).length,
    share: right / pairs,
    interval: wilsonInterval(right, pairs),
    scores,
  };
}
