// The sweeps over episodes and over initial models: what longer runs and other starts do to gold utility and to the tax.
import { suiteMean } from "./automatic-scores.ts";
import type { Findings } from "./findings.ts";
import { mainRun, variationsOf } from "./forms.ts";
import type { Variation } from "./forms.ts";
import { number, percent } from "./format.ts";
import { names } from "./names.ts";
import type { Figure, FigureSeries, ResultTable } from "./results.ts";
import { lastOf } from "./tables-automatic.ts";
import { curves } from "./tables-runs.ts";
import type { Curve } from "./tables-runs.ts";
import { taxRows } from "./tables-tax.ts";

/** The cells that all runs of a sweep have: gold, KL, suite and loss on documents at the end. */
function endOf(found: Findings, { name, points }: Curve): string[] {
  const [start, end] = [lastOf(points.slice(0, 3), 3), lastOf(points)];
  const tax = taxRows(found).find((one) => one.name === name);
  return [
    `${number(start?.gold)} → ${number(end?.gold)}`,
    `${number(start?.goldEvaluation)} → ${number(end?.goldEvaluation)}`,
    number(end?.kl),
    percent(tax === undefined ? undefined : suiteMean(tax.scores)),
    number(tax?.corpusLoss, 3),
  ];
}

const END = [
  "gold utility",
  "gold, guideline of evaluations",
  "KL, nats",
  "suite mean, %",
  "loss on documents",
] as const;

/** Curves of the main runs and of the variations that pass a test, each beside its settings. */
function sweep(found: Findings, wanted: (run: Variation) => boolean): [Variation, Curve][] {
  const { form } = found;
  const { ptxCoefficient } = form;
  const runs = [
    mainRun(form, "ppo"),
    mainRun(form, "ppo-ptx", { ptxCoefficient }),
    ...variationsOf(form),
  ].filter(wanted);
  const known = curves(found);
  return runs.flatMap((run): [Variation, Curve][] => {
    const curve = known.find(({ name }) => name === run.name);
    return curve === undefined ? [] : [[run, curve]];
  });
}

const isMain = ({ name }: Variation): boolean => name === "ppo" || name === "ppo-ptx";
const isLength = ({ name }: Variation): boolean => /episodes x /.test(name);

/** Figure 35. No rows where the form has no other length. */
export function episodesTable(found: Findings): ResultTable {
  const { form } = found;
  const runs = sweep(found, (run) => isMain(run) || isLength(run));
  const rows = runs
    .toSorted(([a], [b]) => a.ptxCoefficient - b.ptxCoefficient || a.iterations - b.iterations)
    .map(([run, curve]) => [
      run.name,
      String(curve.points.length * form.batch),
      ...endOf(found, curve),
    ]);
  return {
    id: "episodes",
    title: `Length of reinforcement, ${form.studied}`,
    section: "Figure 35",
    columns: ["run", "episodes", ...END],
    rows: runs.some(([run]) => isLength(run)) ? rows : [],
    note: "The paper: 256,000 episodes; beyond them labelers see no gain at 1.3 B, and with twice as many the scores on public tasks fall below GPT-3's. The policy's rate falls over the second half of every run, however long it is.",
  };
}

/** Figure 35 drawn: the suite's mean by episodes, PPO and PPO-ptx. */
export function episodesFigure(found: Findings): Figure {
  const { batch, studied } = found.form;
  const runs = sweep(found, (run) => isMain(run) || isLength(run));
  const tax = taxRows(found);
  const series = [false, true].map((mixed): FigureSeries => {
    const own = runs.filter(([run]) => run.ptxCoefficient > 0 === mixed);
    const points = own.flatMap(([{ name }, curve]) => {
      const row = tax.find((one) => one.name === name);
      if (row === undefined) return [];
      const { value, low, high } = suiteMean(row.scores);
      return [{ x: curve.points.length * batch, y: value, low, high }];
    });
    return {
      name: mixed ? "PPO-ptx" : "PPO",
      source: "ours",
      points: points.toSorted((a, b) => a.x - b.x),
    };
  });
  return {
    id: "figure-35",
    title: `Benchmark suite by length of reinforcement, ${studied}`,
    section: "Figure 35",
    kind: "lines",
    x: "episodes",
    y: "mean score of eight tasks",
    series: runs.some(([run]) => isLength(run)) ? series : [],
  };
}

/** Loss on documents of an initial model itself. */
function initLoss(found: Findings, mix: number): number | undefined {
  const { form, seeds } = found;
  const losses = seeds.flatMap((seed) => {
    const name =
      mix === form.initMix
        ? names.init(form.studied, seed)
        : names.initMix(form.studied, mix, seed);
    return (found.data(name) as { loss: number } | undefined)?.loss ?? [];
  });
  return losses.length === 0 ? undefined : losses.reduce((a, b) => a + b, 0) / losses.length;
}

/** Figure 37. No rows where the form has no other initial model. */
export function initialTable(found: Findings): ResultTable {
  const { form } = found;
  const runs = sweep(found, (run) => run.name === "ppo" || run.initMix !== undefined);
  const mixOf = ({ initMix }: Variation): number => initMix ?? form.initMix;
  const rows = runs
    .toSorted(([a], [b]) => mixOf(a) - mixOf(b))
    .map(([run, curve]) => [
      number(100 * mixOf(run), 0),
      number(initLoss(found, mixOf(run)), 3),
      ...endOf(found, curve),
    ]);
  return {
    id: "initial-models",
    title: `Pre-training mix of the initial model, PPO at ${form.studied}`,
    section: "Figure 37",
    columns: ["pre-training rows, % of demonstrations", "its loss on documents", ...END],
    rows: runs.some(([run]) => run.initMix !== undefined) ? rows : [],
    note: "The paper: only the model with 10 % stands out, results are otherwise insensitive. Each initial model has a reward model that starts from it; the rankings are those of the main run.",
  };
}
