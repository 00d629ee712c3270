// Accuracy of a reward model: on pairs, on held-out labelers, and by cross-validation over labelers.
import { bootstrapShare, clusters, mean, uniform } from "./intervals.ts";
import type { Estimate } from "./intervals.ts";

/** Scores of a reward model beside one labeler's ranks of the same K answers. */
export interface ScoredRanking {
  readonly prompt: string;
  readonly labeler: string;
  /** (K) 1 = best; equal ranks are ties and make no pair. */
  readonly ranks: readonly number[];
  /** (K) higher is better. */
  readonly scores: readonly number[];
}

function pairs({ ranks, scores }: ScoredRanking): { readonly right: number; readonly all: number } {
  let right = 0;
  let all = 0;
  for (let i = 0; i < ranks.length; i++) {
    for (let j = i + 1; j < ranks.length; j++) {
      const wanted = Math.sign(ranks[j]! - ranks[i]!);
      if (wanted === 0) continue;
      const given = Math.sign(scores[i]! - scores[j]!);
      all++;
      if (given === wanted) right++;
      else if (given === 0) right += 0.5;
    }
  }
  return { right, all };
}

/**
 * Share of the untied pairs that the scores order as the labeler did; equal scores count half. The
 * interval draws whole prompts with all their rankings, those of several seeds and rounds among them.
 */
export function pairAccuracy(rankings: readonly ScoredRanking[], draws = 1000, seed = 1): Estimate {
  const counted = rankings.map((one) => ({ prompt: one.prompt, ...pairs(one) }));
  const groups = clusters(
    counted,
    ({ prompt }) => prompt,
    ({ right }) => right,
    ({ all }) => all,
  );
  return bootstrapShare(groups, draws, seed);
}

/** Labelers dealt into `folds` groups with about equally many rankings, largest labeler first. */
export function labelerFolds(
  rankings: readonly { readonly labeler: string }[],
  folds = 5,
  seed = 1,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { labeler } of rankings) counts.set(labeler, (counts.get(labeler) ?? 0) + 1);
  const random = uniform(seed);
  const order = [...counts]
    .map(([name, count]) => ({ name, count, tie: random() }))
    .sort((a, b) => b.count - a.count || a.tie - b.tie);
  const sizes = new Array<number>(folds).fill(0);
  const found = new Map<string, number>();
  for (const { name, count } of order) {
    const fold = sizes.indexOf(Math.min(...sizes));
    found.set(name, fold);
    sizes[fold] = (sizes[fold] ?? 0) + count;
  }
  return found;
}

export interface CrossValidation {
  /** Accuracy on the labelers that the model did not learn from, over the folds. */
  readonly heldOut: Estimate;
  /** Accuracy on validation rankings of the labelers it learned from. */
  readonly training: Estimate;
  readonly folds: readonly { readonly heldOut: number; readonly training: number }[];
}

/**
 * Cross-validation over labelers (the paper's E.2): fold f gives the scores of a reward model that
 * was fitted without the labelers of fold f, on rankings of everybody that it did not see. The
 * estimates are means over the folds (and seeds, if several results per fold are given).
 */
export function crossValidate(
  results: readonly { readonly fold: number; readonly rankings: readonly ScoredRanking[] }[],
  folds: ReadonlyMap<string, number>,
): CrossValidation {
  const each = results.map(({ fold, rankings }) => {
    const out = (one: ScoredRanking) => folds.get(one.labeler) === fold;
    return {
      heldOut: pairAccuracy(rankings.filter(out), 1).value,
      training: pairAccuracy(
        rankings.filter((one) => !out(one)),
        1,
      ).value,
    };
  });
  return {
    heldOut: mean(each.map((one) => one.heldOut)),
    training: mean(each.map((one) => one.training)),
    folds: each,
  };
}
