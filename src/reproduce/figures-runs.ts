// Figures of the tax and of the runs of reinforcement.
import { suiteMean } from "./automatic-scores.ts";
import type { Findings } from "./findings.ts";
import { roundsOf } from "./forms.ts";
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

/** Learned and gold reward of the runs without a KL penalty over √KL. */
export function overOptimisationFigure(found: Findings): Figure {
  const all = curves(found);
  const several = roundsOf(found.form).length > 1;
  const lines = WITHOUT_PENALTY.flatMap((wanted, i): FigureSeries[] => {
    const run = all.find(({ name }) => name === wanted);
    if (run === undefined) return [];
    const whose = several ? [", all rounds", ", first round"][i] : "";
    const points = smoothed(run.points);
    const line = (name: string, of: (one: (typeof points)[number]) => number): FigureSeries => ({
      name: `${name}${whose}`,
      source: "ours",
      points: points.map((one) => ({ x: Math.sqrt(Math.max(0, one.kl)), y: of(one) })),
    });
    return [line("learned reward", (one) => one.learned), line("gold utility", (one) => one.gold)];
  });
  return {
    id: "over-optimisation",
    title: `Without a KL penalty: learned reward against gold, ${found.form.studied}`,
    section: "Figures 34 and 36",
    kind: "lines",
    x: "√KL from the PPO initial model",
    y: "reward",
    series: lines,
    note: `Means over five iterations. The learned reward is normalised: 0 is a demonstration.${several ? " Rounds are those of the rankings from which the reward model learned." : ""}`,
  };
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
