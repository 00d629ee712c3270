// docs/RESULTS.md: what does not reproduce first, then every table and plot.
import { markdownTable } from "../world/dataset/index.ts";
import type { Claim, Results } from "./results.ts";

const listed = (claims: readonly Claim[]): string =>
  claims.map(({ paper }) => `“${paper}”`).join("; ");

/** The first paragraph: what does not reproduce. */
export function summary(claims: readonly Claim[]): string {
  const of = (holds: Claim["holds"]): Claim[] => claims.filter((one) => one.holds === holds);
  const [no, partly, missing, yes] = [of("no"), of("partly"), of("not measured"), of("yes")];
  const sentences = [
    no.length === 0 ? "No claim fails outright." : `Not reproduced: ${listed(no)}.`,
    ...(partly.length === 0 ? [] : [`Only in part: ${listed(partly)}.`]),
    ...(missing.length === 0 ? [] : [`Not measured in this form: ${listed(missing)}.`]),
    yes.length === 0 ? "Nothing is reproduced." : `Reproduced: ${listed(yes)}.`,
  ];
  return sentences.join(" ");
}

function howItRan({ form, seeds, adapter, seconds, flops, finished }: Results): string {
  const minutes = (seconds / 60).toFixed(1);
  const tera = (flops / 1e12).toFixed(2);
  const usual = form === "quick" ? 1 : 3;
  const options = [
    ...(form === "quick" ? ["--quick"] : []),
    ...(seeds.length === usual ? [] : [`--seeds ${seeds.length}`]),
  ];
  const command = ["npm run reproduce", ...(options.length === 0 ? [] : ["--", ...options])].join(" "); // prettier-ignore
  return (
    `\`${command}\`, seed${seeds.length > 1 ? "s" : ""} ${seeds.join(", ")}, ${adapter}, written ${finished}: ` +
    `${minutes} minutes of stages (sum over processes, waiting for other programs included), ` +
    `${tera} TFLOP in matrix products and attention. Intervals are 95 %: they draw whole prompts, items and questions with the answers of all seeds` +
    `${seeds.length > 1 ? "" : ", and one seed says nothing about others"}. “not measured” is what this form does not run.`
  );
}

const claimTable = (claims: readonly Claim[]): string =>
  markdownTable(
    ["the paper", "where", "bar", "measured", "holds"],
    claims.map(({ paper, section, bar, measured, holds }) => [
      paper,
      section,
      bar,
      measured,
      holds,
    ]),
  );

/** The report. `plots` is the folder of the SVG files as links name it. */
export function markdownOf(results: Results, plots: string): string {
  const listed = (of: "tried" | "caveat"): string =>
    results.claims
      .flatMap(({ paper, [of]: text }) => (text === undefined ? [] : [`- **${paper}**: ${text}`]))
      .join("\n");
  const [tried, caveats] = [listed("tried"), listed("caveat")];
  const models = markdownTable(
    ["model", "parameters", "recipe"],
    results.models.map(({ id, parameters, recipe }) => [
      id,
      parameters.toLocaleString("en-US"),
      recipe,
    ]),
  );
  const tables = results.tables.map(({ title, section, columns, rows, note }) =>
    [
      `## ${title}`,
      `${section}.${note === undefined ? "" : ` ${note}`}`,
      markdownTable(columns, rows),
    ].join("\n\n"),
  );
  const figures = results.figures.map(
    ({ id, title, section, note }) =>
      `![${title} (${section})](${plots}/${id}.svg)${note === undefined ? "" : `\n\n${note}`}`,
  );
  return [
    "# InstructGPT in miniature: results",
    summary(results.claims),
    howItRan(results),
    ...(results.judgements === undefined
      ? []
      : [
          `People's rankings taught the reward models and DPO: ${results.judgements} Evaluations and folds are judged by simulated labelers.`,
        ]),
    "How to run it, and what the forms train: [REPRODUCE](REPRODUCE.md). The world and its labelers: [DATASET](DATASET.md), [LABELING](LABELING.md). This file is written by the program.",
    "## Claims",
    claimTable(results.claims),
    ...(tried === ""
      ? []
      : [
          "What was tried where a claim does not hold (written by people about the three seeds that this repository holds):",
          tried,
        ]),
    ...(caveats === "" ? [] : ["What to know of claims that hold:", caveats]),
    ...tables,
    "## Plots",
    "Hollow marks are the paper's values.",
    ...figures,
    "## Models",
    models,
    "",
  ].join("\n\n");
}
