// The benchmark suite's scores, zero- and few-shot, and what a model lost against the base: the tax.
import { bootstrap, clusters, resampled } from "./intervals.ts";
import type { Estimate } from "./intervals.ts";

/** The score of one item of one task, 0 to 1 (accuracy, F1, ROUGE-L). */
export interface ItemScore {
  readonly task: string;
  readonly item: string;
  readonly shots: "zero" | "few";
  readonly score: number;
  /** Which of several models of a kind was asked: items are drawn whole, with the answers of all of them. */
  readonly run?: number;
}

/** Clusters of scores by item, both forms and all runs together. */
export const byItem = (scores: readonly ItemScore[]) =>
  clusters(
    scores,
    ({ task, item }) => `${task} ${item}`,
    ({ score }) => score,
  );

/** Scores of the base minus those of the model, where both answered, with the base's item. */
export function differences(base: readonly ItemScore[], model: readonly ItemScore[]): ItemScore[] {
  const keyOf = ({ run = 0, shots, task, item }: ItemScore) => `${run} ${shots} ${task} ${item}`;
  const own = new Map(model.map((one) => [keyOf(one), one.score]));
  return base.flatMap((one) => {
    const score = own.get(keyOf(one));
    return score === undefined ? [] : [{ ...one, score: one.score - score }];
  });
}

export interface TaskScore extends Estimate {
  readonly task: string;
  readonly shots: ItemScore["shots"];
}

/** Mean of each task in each form; the interval draws whole items. */
export function taskScores(scores: readonly ItemScore[], draws = 1000, seed = 1): TaskScore[] {
  const keys = [...new Set(scores.map((one) => `${one.shots} ${one.task}`))];
  return keys.map((key) => {
    const own = scores.filter((one) => `${one.shots} ${one.task}` === key);
    const first = own[0];
    return {
      task: first?.task ?? "",
      shots: first?.shots ?? "zero",
      ...bootstrap(byItem(own), draws, seed),
    };
  });
}

export interface Tax {
  readonly task: string;
  readonly shots: ItemScore["shots"];
  /** Score of the base minus that of the model over the items that both answered: above 0, a loss. */
  readonly loss: Estimate;
}

/** The alignment tax by task, paired by item; the intervals draw whole items. */
export function alignmentTax(base: readonly ItemScore[], model: readonly ItemScore[]): Tax[] {
  return taskScores(differences(base, model)).map(({ task, shots, ...loss }) => {
    return { task, shots, loss };
  });
}

/** Share of the loss of `without` that `mended` does not have: 1 all regained, 0 none, below 0 worse. */
export function recovered(base: number, without: number, mended: number): number {
  return (mended - without) / (base - without);
}

/** The same of three models' scores on the items that all of them answered; the interval draws whole items. */
export function recoveredScores(
  base: readonly ItemScore[],
  without: readonly ItemScore[],
  mended: readonly ItemScore[],
): Estimate {
  const lost = new Map<string, [without: number, mended: number]>();
  [without, mended].forEach((model, i) => {
    for (const { task, item, score } of differences(base, model)) {
      const sums = lost.get(`${task} ${item}`) ?? [0, 0];
      sums[i] = (sums[i] ?? 0) + score;
      lost.set(`${task} ${item}`, sums);
    }
  });
  const items = [...lost.values()];
  const share = (drawn: readonly (readonly [number, number])[]): number => {
    const sum = (i: 0 | 1): number => drawn.reduce((all, one) => all + one[i], 0);
    return recovered(0, -sum(0), -sum(1));
  };
  return { value: share(items), ...resampled(items, share), n: items.length };
}
