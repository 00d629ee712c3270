// Trials of the reward model: cross-validation over labelers, and K-way elements against shuffled pairs.
import { labelerFolds } from "../evaluation/reward-model.ts";
import type { TokenRanking } from "../rlhf/session/reward-trainer.ts";
import { orderedPairs } from "../rlhf/preference-statistics.ts";
import type { Form, Size } from "./forms.ts";
import { configOf } from "./models.ts";
import { fitReward } from "./reward.ts";
import { jsonOf } from "./stage.ts";
import type { Artefact, Work } from "./stage.ts";
import { tokenRankings } from "./rankings.ts";
import type { Rankings } from "./rankings.ts";

interface Scope {
  readonly form: Form;
  readonly size: Size;
  readonly seed: number;
}

/** Labelers of training and validation dealt into five groups of about equally many rankings. */
export function foldsOf({ training, validation }: Rankings): ReadonlyMap<string, number> {
  return labelerFolds([...training, ...validation]);
}

/** Fits without the labelers of one fold. Data: raw scores of all validation rankings. */
export async function foldReward(
  work: Work,
  { form, size, seed }: Scope,
  init: Float32Array,
  rankings: Rankings,
  fold: number,
): Promise<Artefact> {
  const folds = foldsOf(rankings);
  const kept = rankings.training.filter(({ labeler }) => folds.get(labeler) !== fold);
  const part = tokenRankings(form, kept.slice(0, form.foldRankings));
  const settings = { epochs: 1, elements: 4, seed: seed + 20 + fold };
  const fitted = await fitReward(work, form, configOf(size), init, part, settings);
  const scores = await fitted.scores(tokenRankings(form, rankings.validation));
  return { data: jsonOf({ fold, scores }), tensors: {} };
}

/** Accuracy on what was learned and on validation after so many epochs. */
export interface ElementsPoint {
  readonly epochs: number;
  readonly training: number;
  readonly validation: number;
}

/** What the trial of elements leaves. */
export interface ElementsData {
  readonly kWay: readonly ElementsPoint[];
  readonly pairs: readonly ElementsPoint[];
}

/** The same rankings as whole elements, and as single pairs in any order; each length is a run of its own. */
export async function compareElements(
  work: Work,
  { form, size, seed }: Scope,
  init: Float32Array,
  rankings: Rankings,
): Promise<Artefact> {
  const whole = tokenRankings(form, rankings.training.slice(0, form.pairRankings));
  const validation = tokenRankings(form, rankings.validation);
  const found = { kWay: [] as ElementsPoint[], pairs: [] as ElementsPoint[] };
  const config = configOf(size);
  const shapes: [keyof ElementsData, TokenRanking[], number][] = [
    ["kWay", whole, 4],
    // as many pairs per update as four rankings of five answers hold
    ["pairs", whole.flatMap(pairsOf), 32],
  ];
  for (const epochs of [1, form.pairEpochs]) {
    for (const [name, list, elements] of shapes) {
      const settings = { epochs, elements, seed: seed + 40, head: whole };
      const fitted = await fitReward(work, form, config, init, list, settings);
      found[name].push({
        epochs,
        training: accuracy(whole, await fitted.scores(whole)),
        validation: accuracy(validation, await fitted.scores(validation)),
      });
    }
  }
  return { data: jsonOf(found), tensors: {} };
}

/** Every untied pair of a ranking as a ranking of two. */
export function pairsOf({ prompt, completions, ranks }: TokenRanking): TokenRanking[] {
  return completions.flatMap((a, i) =>
    completions.slice(i + 1).flatMap((b, j): TokenRanking[] => {
      const both = [ranks[i] ?? 0, ranks[i + 1 + j] ?? 0];
      return both[0] === both[1] ? [] : [{ prompt, completions: [a, b], ranks: both }];
    }),
  );
}

function accuracy(
  rankings: readonly TokenRanking[],
  scores: readonly (readonly number[])[],
): number {
  const counted = rankings.map(({ ranks }, n) => orderedPairs(ranks, scores[n] ?? []));
  const sum = (of: (one: (typeof counted)[number]) => number) =>
    counted.reduce((all, one) => all + of(one), 0);
  return (
    sum(({ right }) => right) /
    Math.max(
      1,
      sum(({ pairs }) => pairs),
    )
  );
}
