// The alignment tax: suite and document loss of models and variations.
import { recovered, recoveredScores } from "../evaluation/benchmarks.ts";
import type { ItemScore } from "../evaluation/benchmarks.ts";
import { suiteMean, suiteScores, suiteTax } from "./automatic-scores.ts";
import type { Findings } from "./findings.ts";
import { variationsOf } from "./forms.ts";
import { number, percent } from "./format.ts";
import type { ResultTable } from "./results.ts";
import { scored } from "./tables-automatic.ts";

/** Suite scores, corpus loss and share of the tax regained of one model. */
export interface TaxRow {
  readonly name: string;
  readonly scores: ItemScore[];
  readonly corpusLoss: number;
}

const averageLoss = (runs: readonly { readonly corpusLoss: number }[]): number =>
  runs.reduce((sum, one) => sum + one.corpusLoss, 0) / runs.length;

/** Models and variations of the studied size in the order of the tax table. */
export function taxRows(found: Findings): TaxRow[] {
  const { form } = found;
  const models = scored(found)
    .filter(({ size }) => size === form.studied)
    .map((model) => {
      const runs = found.automatic(model);
      return { name: model.kind, scores: suiteScores(form, runs), corpusLoss: averageLoss(runs) };
    });
  const varied = variationsOf(form).flatMap(({ name }) => {
    const runs = found.variedSuite(name);
    if (runs.length === 0) return [];
    return [{ name, scores: suiteScores(form, runs), corpusLoss: averageLoss(runs) }];
  });
  return [...models, ...varied];
}

export function taxTable(found: Findings): ResultTable {
  const all = taxRows(found);
  const of = (name: string) => all.find((one) => one.name === name);
  const [base, ppo] = [of("base"), of("ppo")];
  const rows = all.map(({ name, scores, corpusLoss }) => {
    const regained =
      base === undefined || ppo === undefined
        ? undefined
        : recoveredScores(base.scores, ppo.scores, scores);
    const regainedLoss =
      base === undefined || ppo === undefined
        ? NaN
        : recovered(-base.corpusLoss, -ppo.corpusLoss, -corpusLoss);
    return [
      name,
      percent(suiteMean(scores)),
      base === undefined ? "–" : percent(suiteTax(base.scores, scores)),
      name === "base" || name === "ppo" ? "–" : percent(regained),
      number(corpusLoss, 3),
      name === "base" || name === "ppo" ? "–" : number(100 * regainedLoss, 0),
    ];
  });
  return {
    id: "tax",
    title: `Alignment tax, ${found.form.studied}`,
    section: "Figures 29, 33 and 34",
    columns: [
      "model",
      "suite mean, %",
      "lost against the base, points",
      "of PPO's loss regained, %",
      "loss on documents, nats per token",
      "of PPO's rise regained, %",
    ],
    rows,
    note: "The paper: coefficients of at least 20 regain DROP and SQuAD; KL coefficients up to 2.0 do not.",
  };
}
