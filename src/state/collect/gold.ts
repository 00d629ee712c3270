// Gold sets in a project: what a ranking of one is stamped with, and what a person in training learns from it.
import { scoreGold } from "../../quality/gold.ts";
import type { GoldItem } from "../../quality/gold.ts";
import type { Ranking } from "../../formats/records.ts";
import type { GoldRule } from "../../storage/projects.ts";
import { percent } from "../statistics.ts";

/** What a worked gold set teaches after it was ranked. */
export interface Lesson {
  readonly ranking: Ranking;
  readonly rule: GoldRule;
  /** pairs in the right order, of those that the right order decides */
  readonly right: number;
  readonly pairs: number;
  readonly sentence: string;
}

/** Ranks of the completions of a ranking: 1 = best, null = unranked. */
export function ranksOf({ ranking, completions }: Ranking): (number | null)[] {
  return completions.map((_, i) => {
    const place = ranking.findIndex((group) => group.includes(i));
    return place < 0 ? null : place + 1;
  });
}

/** Columns of a ranking of a gold set; empty for any other. */
export function goldStamp(
  ranking: Ranking,
  rule: GoldRule | undefined,
): Pick<Ranking, "gold" | "gold_pass"> {
  if (rule === undefined) return { gold: "", gold_pass: false };
  const score = scoreGold(ranksOf(ranking), { ...rule, task: rule.item });
  return { gold: rule.kind, gold_pass: score?.pass === true };
}

export function lessonOf(ranking: Ranking, rule: GoldRule): Lesson | null {
  const score = scoreGold(ranksOf(ranking), { ...rule, task: rule.item });
  if (score === null) return null;
  const { right, pairs, share } = score;
  const sentence =
    share === 1
      ? "Exactly as the people who made this project see it."
      : `${percent(share)} of the pairs as the people who made this project see them.`;
  return { ranking, rule, right, pairs, sentence };
}

/** The gold of a project as the statistics take it. */
export function goldItems(rules: readonly GoldRule[], task: (item: string) => string): GoldItem[] {
  return rules.map(({ item, ...rule }) => ({ ...rule, task: task(item) }));
}

/** The rule that makes a person's ranking the right answer. */
export function ruleOf(ranking: Ranking, kind: GoldRule["kind"], explanation: string): GoldRule {
  const { task: item, annotator: author } = ranking;
  return { item, kind, ranks: ranksOf(ranking), explanation: explanation.trim(), author };
}
