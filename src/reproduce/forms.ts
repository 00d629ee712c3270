// What a form of a reproduction says: model sizes, amounts of data and training, and what is evaluated.
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
