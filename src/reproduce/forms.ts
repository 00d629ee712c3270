// The forms of a reproduction: model sizes, amounts of data and training, and what is evaluated.
import type { Method } from "../rlhf/method.ts";
import type { People } from "./people.ts";

/** Kinds of models, from the paper's baselines to its result; `init` is where reinforcement begins. */
export const KINDS = ["base", "prompted", "public", "sft", "init", "ppo", "ppo-ptx"] as const;
export type Kind = (typeof KINDS)[number];

/** Where a base model starts from. */
export type Start =
  | "scratch"
  /** the base model that the page ships: world 1, `npm run pretrain` */
  | "shipped"
  /** the same, made wider and deeper without changing what it computes (Net2Net, Chen et al. 2016) */
  | "grown";

export interface Size {
  readonly name: string;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly start: Start;
  /** pre-training updates of 768 positions, and their peak learning rate */
  readonly steps: number;
  readonly rate: number;
  /** peak learning rate of supervised fine-tuning and of reinforcement */
  readonly sftRate: number;
  readonly policyRate: number;
  readonly sftEpochs: number;
  /** epochs of the PPO initial model, where they are not the form's */
  readonly initEpochs?: number;
  /** iterations of its main runs of reinforcement, where they are not the form's */
  readonly iterations?: number;
  /** what is trained of this size besides the base */
  readonly kinds: readonly Kind[];
  /** the size whose reward model serves this one too, in all that it needs one for; its own by default */
  readonly judge?: string;
}

/** Rounds of rankings; one where people's take their place, which are of whatever answers they judged. */
export const roundsOf = ({ people, rounds }: Form): number[] =>
  Array.from({ length: people !== undefined && !people.mixed ? 1 : rounds }, (_, i) => i + 1);

/** Epochs of SFT whose weights are kept: the reward model chooses among them. */
export const checkpointsOf = ({ sftEpochs }: Pick<Size, "sftEpochs">): number[] => [
  ...new Set([Math.ceil(sftEpochs / 4), Math.ceil(sftEpochs / 2), sftEpochs]),
];

/** One extra run of reinforcement: a sweep's point, or another method. */
export interface Variation {
  readonly name: string;
  readonly method: Method;
  readonly iterations: number;
  readonly klCoefficient: number;
  readonly ptxCoefficient: number;
  /** factor of the size's policy rate */
  readonly rateFactor: number;
  /** normalised rewards beyond this count no more */
  readonly rewardLimit: number;
  /** its final policy answers the benchmark suite */
  readonly suite: boolean;
  /** it learns against the reward model of so many rounds of rankings; that of all by default */
  readonly rewardRounds?: number;
  /** share of pre-training rows of the initial model that it starts from; the form's by default */
  readonly initMix?: number;
}

export interface Form {
  readonly name: "quick" | "full";
  readonly sizes: readonly Size[];
  /** of these, the size whose reinforcement is varied, and the size of the fixed baseline */
  readonly studied: string;
  readonly baseline: string;
  /** share of the paper's data set */
  readonly scale: number;
  readonly demonstrations: number;
  /** residual dropout of SFT (0 by measurement, docs/LOG.md), and others that are tried at the studied size */
  readonly sftDropout: number;
  readonly dropoutTrials: readonly number[];
  /** epochs of the PPO initial model, and its share of pre-training rows */
  readonly initEpochs: number;
  readonly initMix: number;
  /** rows of benchmark-style tasks for the public-instruction model, and epochs */
  readonly publicRows: number;
  readonly publicEpochs: number;
  /** longest prompt and answer of the reward model and of reinforcement */
  readonly columns: { readonly P: number; readonly G: number };
  readonly answers: readonly [least: number, most: number];
  readonly rankings: number;
  readonly validationRankings: number;
  /** times that answers are ranked: first the initial model's, then those of PPO against the reward model so far */
  readonly rounds: number;
  /** rankings of each other size that a reward model serves in reinforcement, learned beside its own size's */
  readonly servedRankings: number;
  readonly rewardEpochs: number;
  /** rankings of each of the five folds' fits; 0 = no cross-validation */
  readonly foldRankings: number;
  /** rankings of the comparison of K-way elements with shuffled pairs; 0 = none */
  readonly pairRankings: number;
  readonly pairEpochs: number;
  readonly batch: number;
  readonly minibatches: number;
  readonly valueEpochs: number;
  readonly iterations: number;
  readonly klCoefficient: number;
  readonly ptxCoefficient: number;
  readonly rewardLimit: number;
  readonly emaDecay: number;
  readonly variations: readonly Variation[];
  /** lengths of PPO and PPO-ptx that are tried, in iterations of the main run (Figure 35) */
  readonly episodeFactors: readonly number[];
  /** shares of pre-training rows of other initial models (Figure 37) */
  readonly initMixes: readonly number[];
  /** prompts of held-out customers and of training customers that every model answers */
  readonly heldOutPrompts: number;
  readonly trainingPrompts: number;
  /** labelers of each group who judge a pair */
  readonly judges: number;
  readonly probesPerLevel: number;
  readonly suitePerLevel: number;
  /** prompts and samples of best-of-n; 0 = none */
  readonly bestPrompts: number;
  readonly bestSamples: number;
  /** people's rankings, where a file of them was given */
  readonly people?: People;
}

/** The size whose reward and value models serve a size. */
export const judgeOf = ({ sizes }: Form, size: Size): Size =>
  sizes.find(({ name }) => name === size.judge) ?? size;

/** The other sizes whose reinforcement a size's reward model serves: it learns from rankings of their answers too. */
export const servedBy = ({ sizes }: Form, { name }: Size): Size[] =>
  sizes.filter(({ judge, kinds }) => judge === name && kinds.some((kind) => /^ppo/.test(kind)));

const ALL: readonly Kind[] = ["prompted", "public", "sft", "init", "ppo", "ppo-ptx"];

/** The default of a variation: PPO as the main run has it. */
export function variation(name: string, changes: Partial<Variation>): Variation {
  return {
    name,
    method: "ppo",
    iterations: 40,
    klCoefficient: 0.1,
    ptxCoefficient: 0,
    rateFactor: 1,
    rewardLimit: 1,
    suite: true,
    ...changes,
  };
}

/** A run of a size with the form's and its own numbers. */
export function sizeRun(form: Form, size: Size, name: string, ptxCoefficient = 0): Variation {
  return mainRun(form, name, { ptxCoefficient, iterations: size.iterations ?? form.iterations });
}

/** A run with the form's own numbers. */
export function mainRun(form: Form, name: string, changes: Partial<Variation> = {}): Variation {
  const { iterations, klCoefficient, rewardLimit } = form;
  return variation(name, { iterations, klCoefficient, rewardLimit, ...changes });
}

/** All extra runs of a form: its variations, then the sweeps over episodes and over initial models. */
export function variationsOf(form: Form): Variation[] {
  const { ptxCoefficient } = form;
  const episodes = form.episodeFactors.flatMap((factor) => {
    const iterations = Math.max(1, Math.round(factor * form.iterations));
    return [
      mainRun(form, `episodes x ${factor}`, { iterations }),
      mainRun(form, `ptx episodes x ${factor}`, { iterations, ptxCoefficient }),
    ];
  });
  const mixes = form.initMixes.map((initMix) =>
    mainRun(form, `initial mix ${initMix}`, { initMix }),
  );
  const all = [...form.variations, ...episodes, ...mixes];
  return all.filter(({ rewardRounds = 0 }) => rewardRounds < roundsOf(form).length);
}

/** Minutes on the CPU engine: 21 times between the smallest and the largest model, one seed. */
export const QUICK: Form = {
  name: "quick",
  sizes: [
    {
      ...{ name: "nano", width: 32, layers: 3, heads: 2, start: "scratch" },
      ...{ steps: 3000, rate: 4e-3, sftRate: 2e-3, policyRate: 4e-4, sftEpochs: 12, kinds: ALL },
      ...{ initEpochs: 6, iterations: 240 },
    },
    {
      ...{ name: "micro", width: 64, layers: 4, heads: 4, start: "shipped" },
      ...{ steps: 1000, rate: 1.5e-3, sftRate: 1e-3, policyRate: 2.4e-4, sftEpochs: 8, kinds: ALL },
    },
    {
      ...{ name: "mini", width: 128, layers: 6, heads: 8, start: "grown" },
      ...{ steps: 450, rate: 1e-3, sftRate: 7e-4, policyRate: 1e-4, sftEpochs: 4 },
      ...{ kinds: ["prompted", "sft"], judge: "micro" },
    },
  ],
  studied: "micro",
  baseline: "micro",
  scale: 0.1,
  demonstrations: 1272,
  sftDropout: 0,
  dropoutTrials: [],
  initEpochs: 3,
  initMix: 0.1,
  publicRows: 1200,
  publicEpochs: 2,
  columns: { P: 32, G: 24 },
  answers: [4, 6],
  rankings: 2600,
  validationRankings: 200,
  rounds: 3,
  servedRankings: 1300,
  rewardEpochs: 1,
  foldRankings: 160,
  pairRankings: 80,
  pairEpochs: 3,
  batch: 64,
  minibatches: 2,
  valueEpochs: 1,
  iterations: 120,
  // the paper's is 0.02: docs/LOG.md says what that does with answers of 13 tokens and rewards limited at 1
  klCoefficient: 0.1,
  ptxCoefficient: 0.5,
  rewardLimit: 1,
  emaDecay: 0.9,
  variations: [
    variation("beta 0", { klCoefficient: 0, iterations: 100, rateFactor: 1.25 }),
    variation("beta 0, first reward", {
      ...{ klCoefficient: 0, iterations: 100, rateFactor: 1.25, rewardRounds: 1, suite: false },
    }),
    variation("beta 0.5", { klCoefficient: 0.5 }),
    variation("gamma 4", { ptxCoefficient: 4 }),
    variation("dpo", { method: "dpo", rateFactor: 0.67, suite: false }),
    variation("grpo", { method: "grpo", suite: false }),
    variation("rloo", { method: "rloo", suite: false }),
  ],
  episodeFactors: [0.25],
  initMixes: [],
  heldOutPrompts: 320,
  trainingPrompts: 160,
  judges: 3,
  probesPerLevel: 12,
  suitePerLevel: 4,
  bestPrompts: 64,
  bestSamples: 16,
};

/**
 * The form with one reward and one value model, of the studied size, for the smallest size too, as the paper's 6 B
 * models serve all policies (C.2), and with what the smallest then had more of when it was tried, with one round of
 * rankings (docs/REPRODUCE.md).
 */
export function withSharedReward(form: Form): Form {
  const [least] = [...form.sizes].sort((a, b) => a.width - b.width);
  const more = { policyRate: 4e-4, initEpochs: 6, judge: form.studied };
  const sizes = form.sizes.map((one) =>
    one === least ? { ...one, ...more, steps: Math.max(one.steps, 5000) } : one,
  );
  return { ...form, sizes, rounds: 1 };
}

/** The paper's proportions: 126 times between the sizes, all kinds at every size. */
export const FULL: Form = {
  ...QUICK,
  name: "full",
  sizes: [
    {
      ...{ name: "nano", width: 32, layers: 3, heads: 2, start: "scratch" },
      ...{
        steps: 40_000,
        rate: 4e-3,
        sftRate: 2e-3,
        policyRate: 2.5e-4,
        sftEpochs: 16,
        kinds: ALL,
      },
    },
    {
      ...{ name: "micro", width: 64, layers: 4, heads: 4, start: "scratch" },
      ...{
        steps: 40_000,
        rate: 3e-3,
        sftRate: 1e-3,
        policyRate: 1.5e-4,
        sftEpochs: 16,
        kinds: ALL,
      },
    },
    {
      ...{ name: "mini", width: 128, layers: 6, heads: 4, start: "scratch" },
      ...{ steps: 40_000, rate: 2e-3, sftRate: 7e-4, policyRate: 1e-4, sftEpochs: 16, kinds: ALL },
    },
    {
      ...{ name: "large", width: 320, layers: 6, heads: 10, start: "scratch" },
      ...{ steps: 30_000, rate: 1e-3, sftRate: 3e-4, policyRate: 5e-5, sftEpochs: 16, kinds: ALL },
    },
  ],
  studied: "micro",
  baseline: "large",
  scale: 0.3,
  demonstrations: 3800,
  initEpochs: 4,
  publicRows: 12_000,
  columns: { P: 60, G: 36 },
  answers: [4, 9],
  rankings: 4000,
  validationRankings: 800,
  rounds: 2,
  foldRankings: 1600,
  pairRankings: 1000,
  batch: 128,
  minibatches: 4,
  iterations: 150,
  emaDecay: 0.98,
  variations: [
    ...QUICK.variations.map((one) => ({ ...one, iterations: 150 })),
    ...[
      variation("beta 0.02", { klCoefficient: 0.02 }),
      variation("beta 2", { klCoefficient: 2 }),
      variation("gamma 0.3", { ptxCoefficient: 0.3 }),
      variation("gamma 16", { ptxCoefficient: 16 }),
      variation("rate x 3", { rateFactor: 3 }),
      variation("rate x 0.3", { rateFactor: 0.3 }),
    ].map((one) => ({ ...one, iterations: 150 })),
  ],
  episodeFactors: [0.25, 2],
  initMixes: [0, 0.5],
  dropoutTrials: [0.1, 0.2],
  heldOutPrompts: 800,
  trainingPrompts: 400,
  probesPerLevel: 60,
  suitePerLevel: 10,
  bestPrompts: 200,
  bestSamples: 64,
};
