// The benchmark suite's scores, zero- and few-shot, and what a model lost against the base: the tax.
import { bootstrap, mean } from "./intervals.ts";
import type { Estimate } from "./intervals.ts";

/** The score of one item of one task, 0 to 1 (accuracy, F1, ROUGE-L). */
export interface ItemScore {
  readonly task: string;
  readonly item: string;
  readonly shots: "zero" | "few";
  readonly score: number;
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
    const groups = own.map((one) => ({ sum: one.score, count: 1 }));
    return {
      task: first?.task ?? "",
      shots: first?.shots ?? "zero",
      ...bootstrap(groups, draws, seed),
    };
  });
}

export interface Tax {
  readonly task: string;
  readonly shots: ItemScore["shots"];
  /** Score of the base minus that of the model over the items that both answered: above 0, a loss. */
  readonly loss: Estimate;
}

/** The alignment tax by task, paired by item, with the normal interval of the differences. */
export function alignmentTax(base: readonly ItemScore[], model: readonly ItemScore[]): Tax[] {
  const keyOf = (one: ItemScore) => `${one.shots} ${one.task} ${one.item}`;
  const own = new Map(model.map((one) => [keyOf(one), one.score]));
  const differences = new Map<
    string,
    { task: string; shots: ItemScore["shots"]; list: number[] }
  >();
  for (const one of base) {
    const score = own.get(keyOf(one));
    if (score === undefined) continue;
    const key = `${one.shots} ${one.task}`;
    const entry = differences.get(key) ?? { task: one.task, shots: one.shots, list: [] };
    entry.list.push(one.score - score);
    differences.set(key, entry);
  }
  return [...differences.values()].map(({ task, shots, list }) => {
    return { task, shots, loss: mean(list) };
  });
}

/** Share of the loss of `without` that `mended` does not have: 1 all regained, 0 none, below 0 worse. */
export function recovered(base: number, without: number, mended: number): number {
  return (mended - without) / (base - without);
}
