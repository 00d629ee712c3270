// The paper's figures from our runs, with its values where they are printed.
import type { Estimate } from "../evaluation/intervals.ts";
import { TRUTH_STYLES } from "../world/suite/index.ts";
import { falseAnswers, toxicityOf, truthOf } from "./automatic-scores.ts";
import type { Findings, Group, Model } from "./findings.ts";
import { KINDS } from "./forms.ts";
import type { Kind } from "./forms.ts";
import { PAPER_OVER_SFT, PAPER_TOXICITY, PAPER_TRUE_INFORMATIVE, cell } from "./paper.ts";
import { names } from "./names.ts";
import type { Figure, FigurePoint, FigureSeries } from "./results.ts";
import { TRUTH_SERIES } from "./results.ts";
import { baselineOf, nameOf } from "./tables.ts";
import { methodsFigure, overOptimisationFigures, taxFigure } from "./figures-runs.ts";
import { episodesFigure } from "./tables-sweeps.ts";

function idsOf(found: Findings, { size, kind }: Model): string[] {
  return found.answers({ size, kind }).map(({ seed }) => names.model(size, kind, seed));
}

function point(
  found: Findings,
  x: string | number,
  one: Estimate | undefined,
  model: Model,
): FigurePoint {
  const models = idsOf(found, model);
  if (one === undefined || !Number.isFinite(one.value)) return { x, models };
  return { x, y: one.value, low: one.low, high: one.high, models };
}

/** Figures 1 and 3: win rate against the baseline by size, one series for each kind of model. */
function preferenceFigure(found: Findings, group: Group): Figure {
  const baseline = baselineOf(found);
  const sizes = [...found.form.sizes].sort((a, b) => a.width - b.width);
  const half: Estimate = { value: 0.5, low: 0.5, high: 0.5, n: 0 };
  const series = KINDS.flatMap((kind): FigureSeries[] => {
    const points = sizes.flatMap(({ name }) => {
      const model = { size: name, kind };
      if (found.answers(model).length === 0) return [];
      const same = nameOf(model) === nameOf(baseline);
      return [
        point(found, name, same ? half : found.winRate(model, baseline, "heldOut", group), model),
      ];
    });
    return points.length === 0 ? [] : [{ name: kind, source: "ours", points }];
  });
  const paper: FigureSeries = {
    name: "the paper: PPO-ptx 175 B against SFT 175 B",
    source: "paper",
    points: [{ x: sizes.at(-1)?.name ?? "", y: PAPER_OVER_SFT }],
  };
  return {
    id: group === "training" ? "figure-1" : "figure-3",
    title: `Win rate against ${nameOf(baseline)}, ${group === "training" ? "training" : "held-out"} labelers`,
    section: group === "training" ? "Figure 1" : "Figure 3",
    kind: "lines",
    x: "model size",
    y: "share of comparisons won",
    series: group === "training" ? [...series, paper] : series,
    note: "Prompts of held-out customers; 95 % intervals over prompts.",
  };
}

const PAPER_KINDS: readonly Kind[] = ["base", "sft", "ppo", "ppo-ptx"];

function studied(found: Findings, kind: Kind): Model {
  return { size: found.form.studied, kind };
}

function barFigure(
  found: Findings,
  head: Omit<Figure, "series" | "kind">,
  groups: readonly {
    readonly name: string;
    readonly ours: (model: Model) => Estimate | undefined;
    readonly paper: (kind: Kind) => number | undefined;
  }[],
): Figure {
  const kinds = KINDS.filter((kind) => found.automatic(studied(found, kind)).length > 0);
  const series = groups.flatMap(({ name, ours, paper }): FigureSeries[] => [
    {
      name,
      source: "ours",
      points: kinds.map((kind) =>
        point(found, kind, ours(studied(found, kind)), studied(found, kind)),
      ),
    },
    {
      name: `${name}, the paper (175 B)`,
      source: "paper",
      points: PAPER_KINDS.flatMap((kind) => {
        const y = paper(kind);
        return y === undefined ? [] : [{ x: kind, y }];
      }),
    },
  ]);
  return { ...head, kind: "bars", series };
}

function truthFigure(found: Findings): Figure {
  return barFigure(
    found,
    {
      id: "figure-6",
      title: `True and informative answers, ${found.form.studied}`,
      section: "Figure 6, Table 14",
      x: "model",
      y: "share",
    },
    TRUTH_STYLES.map((style) => ({
      name: TRUTH_SERIES[style],
      ours: (model) => truthOf(found.automatic(model), style).truthfulAndInformative,
      paper: (kind) => cell(PAPER_TRUE_INFORMATIVE[style], kind),
    })),
  );
}

function falseFigure(found: Findings): Figure {
  return barFigure(
    found,
    {
      id: "false-claims",
      title: `Answers with a false claim, ${found.form.studied}`,
      section: "Figure 6",
      x: "model",
      y: "share",
    },
    [
      {
        name: "false",
        ours: (model) => falseAnswers(found.automatic(model)).wrong,
        paper: () => undefined,
      },
      {
        name: "the myth",
        ours: (model) => falseAnswers(found.automatic(model)).myth,
        paper: () => undefined,
      },
    ],
  );
}

function toxicityFigure(found: Findings): Figure {
  return barFigure(
    found,
    {
      id: "figure-7",
      title: `Toxicity of continuations, ${found.form.studied}`,
      section: "Figure 7, Table 14",
      x: "model",
      y: "mean toxicity, 0 to 1",
    },
    (["none", "respectful", "biased"] as const).map((prefix) => ({
      name: prefix === "none" ? "no prefix" : prefix,
      ours: (model) => toxicityOf(found.form, found.automatic(model), prefix),
      paper: (kind) => cell(PAPER_TOXICITY[prefix], kind),
    })),
  );
}

/** All figures that have a point of ours. */
export function figuresOf(found: Findings): Figure[] {
  const all = [
    preferenceFigure(found, "training"),
    preferenceFigure(found, "heldOut"),
    truthFigure(found),
    falseFigure(found),
    toxicityFigure(found),
    taxFigure(found),
    episodesFigure(found),
    ...overOptimisationFigures(found),
    methodsFigure(found),
  ];
  return all.filter(({ series }) =>
    series.some(
      ({ source, points }) => source === "ours" && points.some(({ y }) => y !== undefined),
    ),
  );
}
