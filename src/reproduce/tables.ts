// The paper's tables beside ours: preference, labels, reward model.
import { labelRate, meanRating } from "../evaluation/ratings.ts";
import { LABEL_NAMES } from "../world/dataset/index.ts";
import type { Findings, Group, Model } from "./findings.ts";
import { pair, percent, percentAndHalf, plain } from "./format.ts";
import { PAPER_OVER_SFT, PAPER_SHARES } from "./paper.ts";
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
  const aligned = found.models().filter(({ kind }) => kind === "ppo-ptx");
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
    add(mine, { size, kind: "init" }, "–");
    add(mine, { size, kind: "ppo" }, "–");
    add({ size, kind: "init" }, { size, kind: "sft" }, "–");
  }
  for (const { size: small } of aligned) {
    if (large === undefined || small === large) continue;
    for (const kind of ["sft", "ppo", "ppo-ptx"] as const) {
      const paper = kind === "ppo-ptx" ? "preferred (1.3 B, 175 B)" : "–";
      add({ size: small, kind }, { size: large, kind: "base" }, paper);
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
    ...models.map((model) => percentAndHalf(labelRate(found.ratings(model), name, 200))),
    paper[name] ?? "–",
  ]);
  return {
    id: "labels",
    title: "Share of answers with each label of Table 3, %",
    section: "Table 3, §4.1",
    columns: ["label", ...models.map(nameOf), "the paper"],
    rows,
    note: "± is half of the 95 % interval. Labelers tick or miss 3 % of the labels by mistake, so that 3 % means none.",
  };
}
