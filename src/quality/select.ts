// Which sets to ask about next: a small ensemble of reward models over texts, and a draw by its scores.
import type { Candidate as Answer, Item } from "../formats/records.ts";
import type { JudgementRow } from "../storage/events.ts";
import { saidBy } from "./items.ts";
import { dot, ensemble } from "./linear-reward.ts";
import type { RankedFeatures } from "./linear-reward.ts";
import { pickNext } from "./next.ts";
import type { Candidate } from "./next.ts";
import { LEAST_RANKINGS, MOST_RANKINGS } from "./select-options.ts";
import type { Selection, SelectOptions } from "./select-options.ts";
import { TEXT_FEATURES, textFeatures } from "./text-features.ts";

/** Models of the ensemble. */
const HEADS = 5;

/**
 * Draws sets by a policy, with the score and the probability of each draw.
 * @param rows the judgements so far, by anyone
 * @param items the sets that may be asked about
 */
export function selectNext(
  rows: readonly JudgementRow[],
  items: readonly Item[],
  { policy, explore, count, seed }: SelectOptions,
): Selection {
  const rankings = rankingsOf(rows);
  const heads =
    rankings.length < LEAST_RANKINGS ? [] : ensemble(rankings, TEXT_FEATURES, HEADS, seed);
  const candidates = items.map(({ id, completions }): Candidate => {
    if (heads.length === 0 || policy === "random") return { id };
    const features = completions.map((one) => textFeatures(textOf(one)));
    const scores = heads.map((head) => features.map((x) => dot(head, x)));
    return policy === "d_opt" ? { id, scores, features } : { id, scores };
  });
  const labelled = policy === "d_opt" ? rankings.map(({ features }) => features) : [];
  const picks = pickNext(candidates, { count, seed, policy, explore, labelled });
  return { picks, rankings: rankings.length };
}

function textOf({ completion }: Answer): string {
  return completion.map(({ content }) => content).join("\n");
}

function rankingsOf(rows: readonly JudgementRow[]): RankedFeatures[] {
  return rows.slice(-MOST_RANKINGS).flatMap((row) => {
    const said = saidBy(row);
    if (said === null || said.cannotTell) return [];
    return [{ features: said.texts.map(textFeatures), ranks: said.ranks }];
  });
}
