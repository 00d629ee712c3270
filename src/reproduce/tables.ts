// The paper's tables beside ours: preference, labels, reward model.
import { agreement } from "../evaluation/agreement.ts";
import type { RatedSet } from "../evaluation/agreement.ts";
import { labelRate, meanRating } from "../evaluation/ratings.ts";
import { crossValidate } from "../evaluation/reward-model.ts";
import type { CrossValidation } from "../evaluation/reward-model.ts";
import { LABEL_NAMES } from "../world/dataset/index.ts";
import type { Findings, Group, Model } from "./findings.ts";
import { scoredRankings } from "./findings.ts";
import { NOTHING, number, pair, percent, plain } from "./format.ts";
import { PAPER_OVER_SFT, PAPER_SHARES } from "./paper.ts";
import { FOLDS, names } from "./plan.ts";
import type { ElementsData } from "./reward-trials.ts";
import { foldsOf } from "./reward-trials.ts";
import type { ResultTable } from "./results.ts";

export const nameOf = ({ size, kind }: Model): string => `${size} ${kind}`;

/** The fixed baseline of the win rates. */
export const baselineOf = ({ form }: Findings): Model => ({ size: form.baseline, kind: "sft" });

/** Win rates against the fixed baseline and ratings. */
export function preferenceTable(found: Findings): ResultTable {
  const baseline = baselineOf(found);
  const rows = found.models().map((model) => {
    const same = nameOf(model) === nameOf(baseline);
    const rate = (customers: "heldOut" | "training", group: Group): string =>
      same ? "50 (the baseline)" : percent(found.winRate(model, baseline, customers, group));
    const paper =
      model.kind === "ppo-ptx" ? `${(100 * PAPER_OVER_SFT).toFixed(0)} (175 B, Figure 1)` : "–";
    return [
      nameOf(model),
      rate("heldOut", "training"),
      rate("heldOut", "heldOut"),
      rate("training", "training"),
      plain(meanRating(found.ratings(model))),
      paper,
    ];
  });
  return {
    id: "preference",
    title: `Win rate against ${nameOf(baseline)}, %, and rating from 1 to 7`,
    section: "Figures 1, 3 and 4",
    columns: [
      "model",
      "held-out customers, training labelers",
      "held-out customers, held-out labelers",
      "training customers, training labelers",
      "rating",
      "the paper",
    ],
    rows,
    note: "A tie counts half. Training customers' prompts were in reinforcement (without answers); held-out customers' were nowhere.",
  };
}

/** Head to head, in the pairs of which the paper gives a number. */
export function headTable(found: Findings): ResultTable {
  const small = found.models().filter(({ kind }) => kind === "ppo-ptx")[0]?.size;
  const large = found.models().at(-1)?.size;
  const rows: string[][] = [];
  const add = (mine: Model, other: Model, paper: string): void => {
    const rate = found.winRate(mine, other);
    if (rate === undefined) return;
    const factor = found.parameters(other.size) / found.parameters(mine.size);
    const times = factor > 1.01 ? ` (${factor.toFixed(0)} times larger)` : "";
    rows.push([
      nameOf(mine),
      `${nameOf(other)}${times}`,
      percent(rate),
      percent(found.winRate(mine, other, "heldOut", "heldOut")),
      paper,
    ]);
  };
  const last = found.form.studied;
  for (const { size, kind } of found.models()) {
    if (kind !== "ppo-ptx") continue;
    const mine: Model = { size, kind };
    const of = size === last;
    add(mine, { size, kind: "base" }, of ? pair(PAPER_SHARES.overBase) : "–");
    add(mine, { size, kind: "prompted" }, of ? pair(PAPER_SHARES.overPrompted) : "–");
    add(
      mine,
      { size, kind: "public" },
      of ? `${pair(PAPER_SHARES.overFlan)} (FLAN), ${pair(PAPER_SHARES.overT0)} (T0)` : "–",
    );
    add(mine, { size, kind: "sft" }, "–");
    add(mine, { size, kind: "ppo" }, "–");
  }
  if (small !== undefined && large !== undefined) {
    for (const kind of ["sft", "ppo", "ppo-ptx"] as const) {
      add(
        { size: small, kind },
        { size: large, kind: "base" },
        kind === "ppo-ptx" ? "preferred (1.3 B, 175 B)" : "–",
      );
      add({ size: small, kind }, { size: large, kind: "prompted" }, "–");
    }
  }
  return {
    id: "head-to-head",
    title: "Head to head: share of comparisons won, %",
    section: "§4.1",
    columns: ["model", "against", "training labelers", "held-out labelers", "the paper"],
    rows,
  };
}

/** The binary labels of Table 3 by model. */
export function labelTable(found: Findings): ResultTable {
  const models = found.models();
  const paper: Partial<Record<(typeof LABEL_NAMES)[number], string>> = {
    hallucination: "41 (GPT-3), 21 (PPO-ptx)",
  };
  const rows = LABEL_NAMES.map((name) => [
    name.replaceAll("_", " "),
    ...models.map((model) => percentOf(labelRate(found.ratings(model), name, 200).value)),
    paper[name] ?? "–",
  ]);
  return {
    id: "labels",
    title: "Share of answers with each label of Table 3, %",
    section: "Table 3, §4.1",
    columns: ["label", ...models.map(nameOf), "the paper"],
    rows,
    note: "Labelers tick or miss 3 % of the labels by mistake, so that 3 % means none.",
  };
}

const percentOf = (value: number): string =>
  Number.isFinite(value) ? (100 * value).toFixed(1) : "–";

/** Agreement of two training labelers on the same answers that the reward model is measured on. */
export function ceiling(found: Findings, size: string) {
  const sets = found.seeds.flatMap((seed): RatedSet[] =>
    (found.rankings(size, seed)?.validation ?? []).flatMap(({ labeler, ranks, second }) =>
      second === undefined || ranks.length < 2
        ? []
        : [{ labelers: [labeler, "second"], ranks: [ranks, second] }],
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
  for (const { name } of sizes) {
    rows.push(
      [
        `${name}: accuracy, training labelers`,
        percent(found.rewardAccuracy(name, "training")),
        pair(PAPER_SHARES.rewardTraining),
      ],
      [
        `${name}: accuracy, held-out labelers`,
        percent(found.rewardAccuracy(name, "heldOut")),
        pair(PAPER_SHARES.rewardHeldOut),
      ],
      [
        `${name}: two training labelers agree (ceiling)`,
        percent(ceiling(found, name)),
        pair(PAPER_SHARES.agreementTraining),
      ],
    );
  }
  const cross = crossValidation(found);
  rows.push(
    [
      `${found.form.studied}: five folds, labelers learned from`,
      percent(cross?.training),
      pair(PAPER_SHARES.rewardTraining),
    ],
    [
      `${found.form.studied}: five folds, labelers left out`,
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
