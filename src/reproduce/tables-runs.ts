// Tables of the runs of reinforcement: sweeps, other methods at about equal distance, over-optimisation.
import { overOptimisation } from "../evaluation/over-optimisation.ts";
import type { OverOptimisation } from "../evaluation/over-optimisation.ts";
import type { BestPoint } from "./best-of.ts";
import type { Findings } from "./findings.ts";
import { variationsOf } from "./forms.ts";
import type { Variation } from "./forms.ts";
import { NOTHING, number } from "./format.ts";
import { names } from "./names.ts";
import type { IterationPoint } from "./reinforce.ts";
import type { ResultTable } from "./results.ts";
import { lastOf } from "./tables-automatic.ts";

/** One run of the studied size, its seeds averaged point by point. */
export interface Curve {
  readonly name: string;
  readonly points: readonly IterationPoint[];
  readonly seeds: number;
}

/** The main runs and all variations of the studied size that were made. */
export function curves(found: Findings): Curve[] {
  const { form } = found;
  return ["ppo", "ppo-ptx", ...variationsOf(form).map(({ name }) => name)].flatMap((name) => {
    const runs = found.runData(form.studied, name);
    const [first] = runs;
    if (first === undefined) return [];
    const points = first.points.map((point, i) => {
      const mean = (of: (one: IterationPoint) => number): number => {
        const values = runs.flatMap((run) =>
          run.points[i] === undefined ? [] : [of(run.points[i])],
        );
        return values.reduce((sum, one) => sum + one, 0) / values.length;
      };
      return {
        iteration: point.iteration,
        kl: mean((one) => one.kl),
        learned: mean((one) => one.learned),
        gold: mean((one) => one.gold),
        goldEvaluation: mean((one) => one.goldEvaluation),
      };
    });
    return [{ name, points, seeds: runs.length }];
  });
}

/** Points averaged over `n` consecutive iterations each, so that noise of 64 answers does not hide the course. */
export function smoothed(points: readonly IterationPoint[], n = 5): IterationPoint[] {
  const groups = Math.floor(points.length / n);
  return Array.from({ length: groups }, (_, i) =>
    lastOf(points.slice(i * n, (i + 1) * n), n),
  ).flatMap((one) => one ?? []);
}

export function sweepTable(found: Findings): ResultTable {
  const { form } = found;
  const main = { klCoefficient: form.klCoefficient, rateFactor: 1, iterations: form.iterations };
  const settings = new Map<string, Partial<Variation>>([
    ["ppo", { ...main, ptxCoefficient: 0 }],
    ["ppo-ptx", { ...main, ptxCoefficient: form.ptxCoefficient }],
    ...variationsOf(form).map((one) => [one.name, one] as const),
  ]);
  const rows = curves(found).map(({ name, points, seeds }) => {
    const one = settings.get(name);
    const [start, end] = [lastOf(points.slice(0, 3), 3), lastOf(points)];
    return [
      name,
      number(one?.klCoefficient, 2),
      number(one?.ptxCoefficient, 1),
      number(one?.rateFactor, 2),
      String(points.length),
      String(seeds),
      `${number(start?.gold)} → ${number(end?.gold)}`,
      `${number(start?.learned)} → ${number(end?.learned)}`,
      number(end?.kl),
    ];
  });
  return {
    id: "sweeps",
    title: `Runs of reinforcement, ${form.studied}: first three and last five iterations`,
    section: "Figures 33, 34, 36 and 38",
    columns: [
      "run",
      "beta",
      "gamma",
      "rate",
      "iterations",
      "seeds",
      "gold utility",
      "learned reward",
      "KL, nats",
    ],
    rows,
    note: "Gold: the labelers' utility without noise by the guideline of training, at most 6.8, on the rollouts' own prompts. The paper: β 0.01 to 0.02 best, poor at 0 and 2; without ptx all rates above a limit diverge.",
  };
}

/** The point of a curve whose distance is nearest to `kl`, averaged over its neighbours. */
export function nearest(points: readonly IterationPoint[], kl: number): IterationPoint | undefined {
  const smooth = smoothed(points, 3);
  return smooth.toSorted((a, b) => Math.abs(a.kl - kl) - Math.abs(b.kl - kl))[0];
}

/** Best-of-n of the studied size, the first seed that has it. */
export function bestPoints(found: Findings): readonly BestPoint[] {
  for (const seed of found.seeds) {
    const data = found.data(names.best(found.form.studied, seed)) as
      { points: BestPoint[] } | undefined;
    if (data !== undefined) return data.points;
  }
  return [];
}

export function methodTable(found: Findings): ResultTable {
  const all = curves(found);
  const wanted = ["ppo", "ppo-ptx", "dpo", "grpo", "rloo"];
  const runs = all.filter(({ name }) => wanted.includes(name));
  const best = bestPoints(found);
  // the distance that every run has reached
  const common = Math.min(
    ...runs.map(({ points }) => Math.max(...points.map(({ kl }) => kl))),
    best.at(-1)?.kl ?? Infinity,
  );
  const rows = runs.map(({ name, points }) => {
    const at = nearest(points, common);
    return [
      name,
      number(at?.kl),
      number(at?.learned),
      number(at?.gold),
      String(at?.iteration ?? NOTHING),
    ];
  });
  const near = best.toSorted((a, b) => Math.abs(a.kl - common) - Math.abs(b.kl - common))[0];
  if (near !== undefined) {
    rows.push([`best of ${near.n}`, number(near.kl), number(near.learned), number(near.gold), "–"]);
  }
  return {
    id: "methods",
    title: "Methods at about the same distance from the start",
    section: "not in the paper",
    columns: ["method", "KL, nats", "learned reward", "gold utility", "iteration"],
    rows,
    note: "Means of three iterations on their own rollouts; best-of-n on other prompts, its KL by the bound log n − (n − 1) / n.",
  };
}

/** Runs without a KL penalty: against the reward model of all rounds, and against that of the first alone. */
export const WITHOUT_PENALTY = ["beta 0", "beta 0, first reward"] as const;

/** The course of one of them: gold against learned reward over √KL. */
export function overOptimised(
  found: Findings,
  wanted: (typeof WITHOUT_PENALTY)[number],
): OverOptimisation | undefined {
  const run = curves(found).find(({ name }) => name === wanted);
  if (run === undefined) return undefined;
  const points = smoothed(run.points).map(({ kl, learned, gold }) => ({
    kl: Math.max(0, kl),
    learned,
    gold,
  }));
  // two standard errors of a mean over five batches, with the deviation of gold between samples (about 2)
  const margin = (2 * 2) / Math.sqrt(5 * found.form.batch * run.seeds);
  return overOptimisation(points, margin);
}
