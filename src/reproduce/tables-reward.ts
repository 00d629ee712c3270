// Tables of the reward model: accuracy, its ceiling, cross-validation, and K-way elements against pairs.
import { agreement } from "../evaluation/agreement.ts";
import type { RatedSet } from "../evaluation/agreement.ts";
import { crossValidate } from "../evaluation/reward-model.ts";
import type { CrossValidation } from "../evaluation/reward-model.ts";
import type { Findings } from "./findings.ts";
import { scoredRankings } from "./findings.ts";
import { roundsOf } from "./forms.ts";
import { NOTHING, number, pair, percent } from "./format.ts";
import { FOLDS, names } from "./names.ts";
import { PAPER_SHARES } from "./paper.ts";
import { peopleAgreement } from "./people.ts";
import type { ResultTable } from "./results.ts";
import type { ElementsData } from "./reward-trials.ts";
import { foldsOf } from "./reward-trials.ts";

/** Agreement of two training labelers on the same answers that the reward model is measured on. */
export function ceiling(found: Findings, size: string) {
  const sets = found.seeds.flatMap((seed): RatedSet[] =>
    found
      .allRankings(size, seed)
      .validation.flatMap(({ prompt, labeler, ranks, second }) =>
        second === undefined || ranks.length < 2
          ? []
          : [{ prompt, labelers: [labeler, "second"], ranks: [ranks, second] }],
      ),
  );
  return sets.length === 0 ? undefined : agreement(sets).decided;
}

/** Five-fold cross-validation over labelers, or undefined when a fold was not run. */
export function crossValidation(found: Findings): CrossValidation | undefined {
  const size = found.form.studied;
  const [seed = 1] = found.seeds;
  const rankings = found.rankings(size, seed);
  if (rankings === undefined) return undefined;
  const results = Array.from({ length: FOLDS }, (_, fold) => fold).flatMap((fold) => {
    const data = found.data(names.fold(size, fold, seed)) as { scores: number[][] } | undefined;
    if (data === undefined) return [];
    return [{ fold, rankings: scoredRankings(rankings.validation, data.scores, "training") }];
  });
  return results.length < FOLDS ? undefined : crossValidate(results, foldsOf(rankings));
}

export function rewardTable(found: Findings): ResultTable {
  const rows: string[][] = [];
  const sizes = found.form.sizes.filter(
    ({ name }) => found.rewardAccuracy(name, "training") !== undefined,
  );
  const own = sizes.filter(({ judge }) => judge === undefined);
  const { people } = found.form;
  const by = people === undefined ? "" : "simulated ";
  if (people !== undefined) {
    for (const { name } of own) {
      const accuracy = percent(found.peopleAccuracy(name));
      rows.push([
        `${name}: accuracy, people's held-out rankings`,
        accuracy,
        pair(PAPER_SHARES.rewardTraining),
      ]);
    }
    rows.push([
      "two people agree, where they ranked the same answers",
      percent(peopleAgreement(people)),
      pair(PAPER_SHARES.agreementTraining),
    ]);
  }
  for (const { name, judge } of sizes) {
    const whose = judge === undefined ? name : `${judge}, on ${name}'s answers`;
    rows.push(
      [
        `${whose}: accuracy, ${by}training labelers`,
        percent(found.rewardAccuracy(name, "training")),
        pair(PAPER_SHARES.rewardTraining),
      ],
      [
        `${whose}: accuracy, ${by}held-out labelers`,
        percent(found.rewardAccuracy(name, "heldOut")),
        pair(PAPER_SHARES.rewardHeldOut),
      ],
      [
        `${judge === undefined ? name : `${name}'s answers`}: two ${by}training labelers agree (ceiling)`,
        percent(ceiling(found, name)),
        pair(PAPER_SHARES.agreementTraining),
      ],
    );
  }
  for (const { name } of own) rows.push(...roundRows(found, name));
  const cross = crossValidation(found);
  rows.push(
    [
      `${found.form.studied}: five folds, ${by}labelers learned from`,
      percent(cross?.training),
      pair(PAPER_SHARES.rewardTraining),
    ],
    [
      `${found.form.studied}: five folds, ${by}labelers left out`,
      percent(cross?.heldOut),
      pair(PAPER_SHARES.rewardHeldOut),
    ],
  );
  return {
    id: "reward",
    title: "Reward model: share of untied pairs in the labeler's order, %",
    section: "§3.4, §4.1, E.2",
    columns: ["what", "ours", "the paper"],
    rows,
    note: "All on validation prompts whose authors are in no training set. The interval of the folds is over the five of them.",
  };
}

/** Accuracy on the answers of each round, where there are several. */
function roundRows(found: Findings, size: string): string[][] {
  const rounds = roundsOf(found.form);
  if (rounds.length === 1 || found.rewardAccuracy(size, "training") === undefined) return [];
  return rounds.map((round) => {
    const of = round === 1 ? "the initial model" : `PPO after ${round - 1} of the rounds`;
    return [
      `${size}: accuracy on answers of ${of}, training labelers`,
      percent(found.rewardAccuracy(size, "training", round)),
      NOTHING,
    ];
  });
}

/** Accuracies of K-way elements and shuffled pairs; the first seed that has them. */
export function elementsOf(found: Findings): ElementsData | undefined {
  const all = found.seeds.flatMap(
    (seed) =>
      (found.data(names.elements(found.form.studied, seed)) as ElementsData | undefined) ?? [],
  );
  const [first] = all;
  if (first === undefined) return undefined;
  const average = (name: keyof ElementsData) =>
    first[name].map((point, i) => {
      const mean = (key: "training" | "validation"): number =>
        all.reduce((sum, one) => sum + (one[name][i]?.[key] ?? NaN), 0) / all.length;
      return { epochs: point.epochs, training: mean("training"), validation: mean("validation") };
    });
  return { kWay: average("kWay"), pairs: average("pairs") };
}

export function elementsTable(found: Findings): ResultTable {
  const data = elementsOf(found);
  const rows =
    data === undefined
      ? [["–", NOTHING, NOTHING, NOTHING, NOTHING, NOTHING]]
      : [...data.kWay.keys()].map((i) => {
          const [a, b] = [data.kWay[i], data.pairs[i]];
          const of = (value: number | undefined): string =>
            value === undefined ? NOTHING : number(100 * value, 1);
          return [
            String(a?.epochs ?? ""),
            of(a?.training),
            of(a?.validation),
            of(b?.training),
            of(b?.validation),
            "pairs overfit in one epoch",
          ];
        });
  return {
    id: "elements",
    title: "All pairs of a prompt as one element against shuffled pairs: accuracy, %",
    section: "§3.5",
    columns: [
      "epochs",
      "K-way, learned",
      "K-way, validation",
      "pairs, learned",
      "pairs, validation",
      "the paper",
    ],
    rows,
    note: `${found.form.pairRankings} rankings; both start from the same head.`,
  };
}
