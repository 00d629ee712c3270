// Figures of the tax and of the runs of reinforcement.
import { suiteMean } from "./automatic-scores.ts";
import type { Findings } from "./findings.ts";
import { roundsOf } from "./forms.ts";
import type { IterationPoint } from "./reinforce.ts";
import type { Figure, FigureSeries } from "./results.ts";
import { WITHOUT_PENALTY, bestPoints, curves, smoothed } from "./tables-runs.ts";
import { taxRows } from "./tables-tax.ts";

/** Figures 33 and 34: suite and corpus loss by model and coefficient. */
export function taxFigure(found: Findings): Figure {
  const rows = taxRows(found);
  return {
    id: "figure-29",
    title: `Benchmark suite by model and coefficient, ${found.form.studied}`,
    section: "Figures 29, 33 and 34",
    kind: "bars",
    x: "model",
    y: "mean score of eight tasks",
    series: [
      {
        name: "suite",
        source: "ours",
        points: rows.map(({ name, scores }) => {
          const { value, low, high } = suiteMean(scores);
          return { x: name, y: value, low, high };
        }),
      },
    ],
  };
}

/** Runs without a KL penalty over √KL: the learned reward in one figure, gold on its own scale in another. */
export function overOptimisationFigures(found: Findings): Figure[] {
  const all = curves(found);
  const several = roundsOf(found.form).length > 1;
  const lines = (of: (one: IterationPoint) => number): FigureSeries[] =>
    WITHOUT_PENALTY.flatMap((wanted, i): FigureSeries[] => {
      const run = all.find(({ name }) => name === wanted);
      if (run === undefined) return [];
      const points = smoothed(run.points).map((one) => ({
        x: Math.sqrt(Math.max(0, one.kl)),
        y: of(one),
      }));
      const name = `reward model of ${several ? ["all rounds", "the first round"][i] : "the run"}`;
      return [{ name, source: "ours", points }];
    });
  const rounds = several
    ? " Rounds are those of the rankings from which the reward model learned."
    : "";
  const common = {
    section: "Figures 34 and 36",
    kind: "lines",
    x: "√KL from the PPO initial model",
  } as const;
  return [
    {
      ...{ id: "over-optimisation", ...common, y: "learned reward" },
      title: `Without a KL penalty: the learned reward, ${found.form.studied}`,
      series: lines((one) => one.learned),
      note: `Means over five iterations. 0 is a demonstration.${rounds}`,
    },
    {
      ...{ id: "over-optimisation-gold", ...common, y: "gold utility" },
      title: `Without a KL penalty: what labelers think of it, ${found.form.studied}`,
      series: lines((one) => one.gold),
      note: "Gold utility of the same answers. A reward that still rises while this falls is over-optimised.",
    },
  ];
}

/** Gold utility of every method over √KL. */
export function methodsFigure(found: Findings): Figure {
  const wanted = ["ppo", "ppo-ptx", "dpo", "grpo", "rloo", "beta 0"];
  const series = curves(found)
    .filter(({ name }) => wanted.includes(name))
    .map(({ name, points }): FigureSeries => ({
      name,
      source: "ours",
      points: smoothed(points).map((one) => ({ x: Math.sqrt(Math.max(0, one.kl)), y: one.gold })),
    }));
  const best = bestPoints(found).map(({ kl, gold }) => ({ x: Math.sqrt(kl), y: gold }));
  return {
    id: "methods",
    title: `Gold utility over distance by method, ${found.form.studied}`,
    section: "not in the paper",
    kind: "lines",
    x: "√KL from the PPO initial model",
    y: "gold utility",
    series:
      best.length === 0 ? series : [...series, { name: "best of n", source: "ours", points: best }],
  };
}
