// Tables of the reward model: accuracy, its ceiling, cross-validation, and K-way elements against pairs.
import { agreement } from "../evaluation/agreement.ts";
import type { RatedSet } from "../evaluation/agreement.ts";
import { crossValidate } from "../evaluation/reward-model.ts";
import type { CrossValidation } from "../evaluation/reward-model.ts";
import type { Findings } from "./findings.ts";
import { scoredRankings } from "./findings.ts";
import { roundsOf } from "./forms.ts";
import { NOTHING, number, pair, percent, plain } from "./format.ts";
import { FOLDS, names } from "./names.ts";
import { PAPER_SHARES } from "./paper.ts";
import { peopleAgreement } from "./people.ts";
import type { ResultTable } from "./results.ts";
import type { ElementsComparison, ElementsData, ElementsWay } from "./reward-trials.ts";
import { comparedElements, foldsOf } from "./reward-trials.ts";

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
/** K-way elements against shuffled pairs, by length of the fit. */
export function elementsOf(found: Findings): ElementsComparison[] {
  return comparedElements(
    found.seeds.flatMap(
      (seed) =>
        (found.data(names.elements(found.form.studied, seed)) as ElementsData | undefined) ?? [],
    ),
  );
}

export function elementsTable(found: Findings): ResultTable {
  const none = Array.from({ length: 5 }, () => NOTHING);
  const cells = ({ training, validation, loss }: ElementsWay): string[] => [
    number(100 * training, 1),
    percent(validation),
    number(100 * (training - validation.value), 1),
    plain(loss, 3),
  ];
  const rows = elementsOf(found).flatMap(({ epochs, kWay, pairs, accuracyLost, lossGained }) => [
    [String(epochs), "K-way elements", ...cells(kWay), "no overfitting in one epoch"],
    [String(epochs), "shuffled pairs", ...cells(pairs), "overfit in one epoch"],
    [String(epochs), "difference", "", percent(accuracyLost), "", plain(lossGained, 3), "–"],
  ]);
  return {
    id: "elements",
    title: "All pairs of a prompt as one element against shuffled pairs",
    section: "§3.5",
    columns: [
      "epochs",
      "elements",
      "learned, %",
      "validation, %",
      "gap, points",
      "validation log loss, nats",
      "the paper",
    ],
    rows: rows.length === 0 ? [["–", ...none, NOTHING]] : rows,
    note: `${found.form.pairRankings} rankings; both start from the same head. The difference is what pairs lose in accuracy and gain in loss on the same rankings.`,
  };
}
