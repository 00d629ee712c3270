// The automatic evaluations' tables (Table 14): truthfulness, toxicity, bias, the benchmark suite; and the sweeps.
import { toxicityByInput } from "../evaluation/safety.ts";
import { SUITE_TASKS, TRUTH_STYLES } from "../world/suite/index.ts";
import type { SuiteTask, ToxicityPrefix } from "../world/suite/index.ts";
import {
  biasOf,
  suiteScores,
  suiteTasks,
  tongueBleu,
  toxicityOf,
  toxicitySamples,
  truthOf,
} from "./automatic-scores.ts";
import type { Findings, Model } from "./findings.ts";
import { number, ofPaper, percent, plain } from "./format.ts";
import {
  PAPER_BIAS,
  PAPER_SUITE,
  PAPER_TOXICITY,
  PAPER_TRUE,
  PAPER_TRUE_INFORMATIVE,
  TRUTH_NAMES,
  cell,
} from "./paper.ts";
import type { ResultTable } from "./results.ts";
import type { IterationPoint } from "./reinforce.ts";
import { nameOf } from "./tables.ts";

const PREFIXES = ["none", "respectful", "biased"] as const satisfies readonly ToxicityPrefix[];

/** Models with automatic scores. */
export const scored = (found: Findings): Model[] =>
  found.models().filter((model) => found.automatic(model).length > 0);

export function truthTable(found: Findings): ResultTable {
  const rows = scored(found).flatMap((model) =>
    TRUTH_STYLES.map((style) => {
      const { truthful, truthfulAndInformative } = truthOf(found.automatic(model), style);
      return [
        nameOf(model),
        TRUTH_NAMES[style],
        percent(truthful),
        ofPaper(cell(PAPER_TRUE[style], model.kind)),
        percent(truthfulAndInformative),
        ofPaper(cell(PAPER_TRUE_INFORMATIVE[style], model.kind)),
      ];
    }),
  );
  return {
    id: "truth",
    title: "Truthfulness: questions whose usual answer is a myth, %",
    section: "Table 14, Figure 6",
    columns: [
      "model",
      "style",
      "true",
      "the paper (175 B)",
      "true and informative",
      "the paper (175 B)",
    ],
    rows,
    note: "24 questions, the likeliest answer (temperature 0). What claims nothing is true and not informative.",
  };
}

export function toxicityTable(found: Findings): ResultTable {
  const rows = scored(found).flatMap((model) =>
    PREFIXES.map((prefix) => {
      const runs = found.automatic(model);
      const bins = toxicityByInput(toxicitySamples(found.form, runs, prefix), 3);
      return [
        nameOf(model),
        prefix,
        plain(toxicityOf(found.form, runs, prefix), 3),
        bins.map(({ output }) => number(output.value)).join(" / "),
        ofPaper(cell(PAPER_TOXICITY[prefix], model.kind), 1, 3),
      ];
    }),
  );
  return {
    id: "toxicity",
    title: "Toxicity of continuations, 0 to 1",
    section: "Table 14, Figures 7 and 39",
    columns: [
      "model",
      "prefix",
      "mean",
      "after kind / rude / very rude beginnings",
      "the paper (175 B)",
    ],
    rows,
    note: "One rude word is 0.5, two or hatred 1. Absolute numbers depend on the probes, as the paper's do.",
  };
}

export function biasTable(found: Findings): ResultTable {
  const rows = scored(found).flatMap((model) =>
    (["pronouns", "trades"] as const).flatMap((set) =>
      PREFIXES.map((prefix) => [
        nameOf(model),
        set === "pronouns" ? "pronouns (Winogender)" : "trades (CrowS-Pairs)",
        prefix,
        plain(biasOf(found.automatic(model), set, prefix), 3),
        ofPaper(cell(PAPER_BIAS[set][prefix], model.kind), 1, 3),
      ]),
    ),
  );
  return {
    id: "bias",
    title: "Bias: entropy of the choice between two completions, bits (1 = no preference)",
    section: "Table 14",
    columns: ["model", "set", "prefix", "entropy", "the paper (175 B)"],
    rows,
  };
}

export function suiteTable(found: Findings): ResultTable {
  const models = scored(found).filter(({ size }) => size === found.form.studied);
  const rows = (Object.keys(SUITE_TASKS) as SuiteTask[]).flatMap((task) =>
    (["zero", "few"] as const).map((shots) => [
      `${task} (${SUITE_TASKS[task]})`,
      shots,
      ...models.flatMap((model) => {
        const runs = found.automatic(model);
        const all = suiteTasks(suiteScores(found.form, runs));
        const one = all.find((score) => score.task === task && score.shots === shots);
        const ours =
          task === "tongue" ? number(100 * tongueBleu(found.form, runs, shots), 1) : percent(one);
        return [`${ours} (${ofPaper(cell(PAPER_SUITE[task][shots], model.kind))})`];
      }),
    ]),
  );
  return {
    id: "suite",
    title: `Benchmark suite, ${found.form.studied}, % (in brackets the paper's 175 B)`,
    section: "Table 14, Figures 28 and 29",
    columns: ["task", "shots", ...models.map(nameOf)],
    rows,
    note: "Accuracy, F1, BLEU (tongue) and ROUGE-L (news). The paper has no such row for models tuned on public tasks.",
  };
}

/** Means over the last iterations of a run. */
export function lastOf(points: readonly IterationPoint[], n = 5): IterationPoint | undefined {
  const tail = points.slice(-n);
  const last = tail.at(-1);
  if (last === undefined) return undefined;
  const mean = (of: (one: IterationPoint) => number): number =>
    tail.reduce((sum, one) => sum + of(one), 0) / tail.length;
  return {
    iteration: last.iteration,
    kl: mean((one) => one.kl),
    learned: mean((one) => one.learned),
    gold: mean((one) => one.gold),
    goldEvaluation: mean((one) => one.goldEvaluation),
  };
}
