// Trials of the reward model: cross-validation over labelers, and K-way elements against shuffled pairs.
import { bootstrap, clusters } from "../evaluation/intervals.ts";
import type { Estimate } from "../evaluation/intervals.ts";
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

/** Untied pairs of a ranking, those ordered rightly, and their mean -log sigmoid(margin). */
type Counted = ReturnType<typeof orderedPairs>;

/** What a fit of so many epochs makes of the rankings that it learned, and of each ranking of validation. */
export interface ElementsPoint {
  readonly epochs: number;
  /** share of the learned pairs in the labelers' order */
  readonly training: number;
  readonly validation: readonly Counted[];
}

/** What the trial of elements leaves; `prompts` names the prompt of each validation ranking. */
export interface ElementsData {
  readonly prompts: readonly string[];
  readonly kWay: readonly ElementsPoint[];
  readonly pairs: readonly ElementsPoint[];
}

/** Lengths in epochs that are tried, each a run of its own. */
export const elementsEpochs = ({ pairEpochs }: Pick<Form, "pairEpochs">): number[] => [
  ...new Set([1, pairEpochs]),
];

/** The same rankings as whole elements, and as single pairs in any order. */
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
  const shapes: [keyof typeof found, TokenRanking[], number][] = [
    ["kWay", whole, 4],
    // as many pairs per update as four rankings of five answers hold
    ["pairs", whole.flatMap(pairsOf), 32],
  ];
  for (const epochs of elementsEpochs(form)) {
    for (const [name, list, elements] of shapes) {
      const settings = { epochs, elements, seed: seed + 40, head: whole };
      const fitted = await fitReward(work, form, config, init, list, settings);
      const learned = counted(whole, await fitted.scores(whole));
      found[name].push({
        epochs,
        training: sumOf(learned, "right") / Math.max(1, sumOf(learned, "pairs")),
        validation: counted(validation, await fitted.scores(validation)),
      });
    }
  }
  const prompts = validation.map(({ prompt }) => Array.from(prompt).join(" "));
  return { data: jsonOf({ prompts, ...found }), tensors: {} };
}

const counted = (
  rankings: readonly TokenRanking[],
  scores: readonly (readonly number[])[],
): Counted[] => rankings.map(({ ranks }, n) => orderedPairs(ranks, scores[n] ?? []));

const sumOf = (list: readonly Counted[], key: "right" | "pairs"): number =>
  list.reduce((sum, one) => sum + one[key], 0);

/** One way of the trial after so many epochs, over all seeds. */
export interface ElementsWay {
  readonly training: number;
  readonly validation: Estimate;
  /** validation log loss, nats */
  readonly loss: Estimate;
}

/** Both ways after so many epochs, and what pairs lose: differences on the same validation rankings. */
export interface ElementsComparison {
  readonly epochs: number;
  readonly kWay: ElementsWay;
  readonly pairs: ElementsWay;
  readonly accuracyLost: Estimate;
  readonly lossGained: Estimate;
}

/** The trials of all seeds together; intervals draw whole prompts. */
export function comparedElements(all: readonly ElementsData[]): ElementsComparison[] {
  const [first] = all;
  return (first?.kWay ?? []).map(({ epochs }, at): ElementsComparison => {
    const rows = all.flatMap(({ prompts, kWay, pairs }) =>
      prompts.flatMap((prompt, i) => {
        const [whole, single] = [kWay[at]?.validation[i], pairs[at]?.validation[i]];
        return whole === undefined || single === undefined ? [] : [{ prompt, whole, single }];
      }),
    );
    type Both = (typeof rows)[number];
    const over = (value: (one: Both) => number): Estimate =>
      bootstrap(
        clusters(
          rows,
          ({ prompt }) => prompt,
          value,
          ({ whole }) => whole.pairs,
        ),
      );
    const way = (name: "kWay" | "pairs", of: (one: Both) => Counted): ElementsWay => ({
      training: all.reduce((sum, one) => sum + (one[name][at]?.training ?? NaN), 0) / all.length,
      validation: over((one) => of(one).right),
      loss: over((one) => of(one).loss * of(one).pairs),
    });
    return {
      epochs,
      kWay: way("kWay", ({ whole }) => whole),
      pairs: way("pairs", ({ single }) => single),
      accuracyLost: over(({ whole, single }) => whole.right - single.right),
      lossGained: over(({ whole, single }) => (single.loss - whole.loss) * whole.pairs),
    };
  });
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
