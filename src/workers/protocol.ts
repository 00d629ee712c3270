// What page and trainer worker say to each other: requests (through Comlink) and one stream of typed events. Types only.
import type { RunConfig, Tunable } from "../config.ts";
import type { RunOptions } from "../rlhf/method.ts";
import type { GpuProblem } from "../gpu/device.ts";
import type { KernelApi } from "./kernel-protocol.ts";

/** Stations of the pipeline strip. `idle` = nothing runs. */
export type Phase = "loading" | "idle" | "sampling" | "sft" | "reward" | "ppo" | "evaluating";

/** One answer of the model. */
export interface Sample {
  readonly promptId: string;
  /** as a person reads it */
  readonly prompt: string;
  /** as a person reads it */
  readonly text: string;
  readonly tokens: readonly number[];
  /** log-probability of each token under the policy that sampled it */
  readonly logprobs?: readonly number[];
  /** learned reward, if a reward model exists */
  readonly reward?: number;
  /** sampler seed and checkpoint that made it */
  readonly seed: number;
  readonly checkpoint: string;
  readonly finished: boolean;
}

/** One K-way ranking as training data; ranks[i] belongs to completions[i], 1 = best, equal = tie, null = unranked. */
export interface Ranking {
  readonly id: string;
  readonly prompt: string;
  readonly completions: readonly (readonly number[])[];
  readonly ranks: readonly (number | null)[];
}

/** Which engine is asked for; `auto` = a real GPU where there is one, the CPU otherwise. */
export type EngineWish = "auto" | "gpu" | "cpu";

/** Why the GPU is not in use although nobody chose the CPU. */
export interface EngineNote {
  readonly cause: GpuProblem | "software";
  readonly sentence: string;
}

/** What the shipped files say about themselves, and what they run on. */
export interface ModelCard {
  readonly name: string;
  readonly parameters: number;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly context: number;
  readonly vocabulary: number;
  readonly checkpoint: string;
  readonly adapter: string;
  readonly software: boolean;
  readonly engine: "gpu" | "cpu";
  readonly note?: EngineNote;
}

/** Result of fitting the reward model to all rankings so far. */
export interface RewardReport {
  /** the stage in force: fast = a head on frozen features, full = all weights */
  readonly stage: "fast" | "full";
  /** that were learned from: all, or the newest 1,024 */
  readonly rankings: number;
  readonly comparisons: number;
  readonly loss: number;
  /** share of untied training pairs in the right order */
  readonly accuracy: number;
  /** leave-one-ranking-out share of pairs in the right order, if there are at least two rankings */
  readonly heldOutAccuracy?: number;
  /** score of each completion of each ranking, normalised; none for a ranking that was not learned from */
  readonly scores: readonly (readonly number[])[];
  /** what the full stage brought, when it was asked for; adopted only if it holds out as well as the fast one */
  readonly full?: {
    readonly adopted: boolean;
    readonly heldOutAccuracy?: number;
    readonly fastHeldOutAccuracy?: number;
    readonly milliseconds: number;
  };
  readonly milliseconds: number;
}

/** One training of a study, by places in its list of rankings. */
export interface StudyFold {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/** A reward model trained on some rankings and tried on others, beside the run and its reward. */
export interface StudyRequest {
  readonly rankings: readonly Ranking[];
  readonly folds: readonly StudyFold[];
  readonly stage: "fast" | "full";
  /** shares of the training rankings, for the learning curve of the fast stage */
  readonly shares: readonly number[];
  readonly seed: number;
}

/** Untied pairs, and how many of them the scores put in the right order. */
export interface PairScore {
  readonly right: number;
  readonly pairs: number;
}

export interface StudyReport {
  readonly stage: "fast" | "full";
  /** of each ranking that was held out, under the model that never saw it */
  readonly heldOut: readonly (PairScore & { readonly ranking: number })[];
  /** of the rankings that the last model learned from: all of them */
  readonly training: PairScore;
  /** held-out pairs by the number of rankings learned from (mean over the folds) */
  readonly curve: readonly (PairScore & { readonly rankings: number })[];
  readonly milliseconds: number;
}

/** The run-time self-checks that every run computes and the page shows. */
export interface SelfChecks {
  /** max |ratio - 1| before the first update */
  readonly ratioError: number;
  /** mean per-sequence KL to the reference before the first update; NaN when that was not seen */
  readonly initialKl: number;
  readonly finite: boolean;
  /** share of responses that ended with EOS, latest iteration */
  readonly eosRate: number;
}

/** Names of the columns of a metrics row, in order. */
export const METRICS = [
  "step",
  "objective/kl",
  "objective/kl_coef",
  "objective/entropy",
  "objective/scores",
  "objective/rlhf_reward",
  "objective/non_score_reward",
  "policy/approxkl_avg",
  "policy/clipfrac_avg",
  "policy/entropy_avg",
  "loss/policy_avg",
  "loss/value_avg",
  "val/clipfrac_avg",
  "val/ratio",
  "val/explained_variance",
  "ptx_loss",
  "grad_norm",
  "lr",
  "eos_rate",
  "response_length",
  // DPO, then the grouped methods
  "rewards/chosen",
  "rewards/rejected",
  "rewards/margins",
  "rewards/accuracies",
  "frac_reward_zero_std",
] as const;
export type MetricName = (typeof METRICS)[number];

export interface ErrorReport {
  /** one sentence: where, what, what happens now */
  readonly sentence: string;
  readonly cause: "device-lost" | "non-finite" | "compile" | "bad-input" | "other";
  /** whether weights from before the failure are still usable */
  readonly weightsUsable: boolean;
}

export type TrainerEvent =
  | {
      readonly type: "progress";
      readonly phase: Phase;
      readonly done: number;
      readonly total: number;
      readonly etaSeconds?: number;
    }
  | { readonly type: "metrics"; readonly first: number; readonly rows: Float32Array } // rows x METRICS.length, transferred
  | { readonly type: "samples"; readonly step: number; readonly samples: readonly Sample[] }
  | { readonly type: "checks"; readonly checks: SelfChecks }
  | { readonly type: "phase"; readonly phase: Phase; readonly step: number }
  | { readonly type: "failed"; readonly error: ErrorReport };

/** What an order to play brought. */
export interface Played {
  /** iterations done */
  readonly done: number;
  /** why it ended before it was told to: the model moved further than klStop, or an update was skipped */
  readonly halted: "distance" | "non-finite" | null;
}

/** Page → worker: PPO from a project. Every method may reject with one sentence. */
export interface ListeningApi {
  /**
   * Puts a policy at the supervised model, to be trained towards the reward of the last study.
   * @param prompts what it practises on, filled up with prompts of its own world
   * @param onEvent gets what the run measures, until the next one begins
   */
  begin(prompts: readonly string[], onEvent: (event: TrainerEvent) => void): Promise<void>;
  /** Runs iterations until so many are done, `pause`, or something halts it. */
  play(iterations: number): Promise<Played>;
  pause(): Promise<void>;
  /** Ends the run and forgets it. */
  drop(): Promise<void>;
  /** One answer to each prompt, with the study's reward: before (sft) and after as many steps as were made. */
  sample(
    prompts: readonly { id: string; text: string }[],
    seed: number,
    from: "policy" | "sft",
  ): Promise<Sample[]>;
}

/** Page → worker. Every method may reject with one sentence. */
export interface TrainerApi {
  /** What the kernels page asks of the open engine. */
  readonly kernels: KernelApi;
  /** PPO towards the reward of the last study, beside the run. */
  readonly listening: ListeningApi;
  /** Opens the device, loads the shipped checkpoints and builds plans. */
  open(
    config: RunConfig,
    onEvent: (event: TrainerEvent) => void,
    wish?: EngineWish,
  ): Promise<ModelCard>;
  /** K answers to each prompt from the policy, its moving average or the SFT model, drawn by shownTemperature, shownTopK and shownTopP. */
  sample(
    prompts: readonly { id: string; text: string }[],
    k: number,
    seed: number,
    from?: "policy" | "average" | "sft",
  ): Promise<Sample[][]>;
  /**
   * Supervised fine-tuning on a person's own demonstrations (a few seconds). It changes the model that the reward model
   * reads, so there is no reward until fitReward is called again.
   */
  demonstrate(
    demonstrations: readonly { prompt: string; response: string }[],
  ): Promise<{ lossBefore: number; lossAfter: number }>;
  /** Fits the reward model to exactly these rankings; `flip` negates them. The fast stage answers first. */
  fitReward(
    rankings: readonly Ranking[],
    options: { stage: "fast" | "full"; flip?: boolean },
  ): Promise<RewardReport>;
  /** Learned scores (normalised) of answers. */
  score(samples: readonly { prompt: string; tokens: readonly number[] }[]): Promise<number[]>;
  /** The best of n fresh samples by learned reward, beside the first one. */
  bestOfN(
    prompts: readonly { id: string; text: string }[],
    n: number,
    seed: number,
  ): Promise<{ plain: Sample; best: Sample }[]>;
  /** Trains and tries a reward model as asked; null when it was stopped. The run and its reward stay as they are. */
  study(request: StudyRequest): Promise<StudyReport | null>;
  stopStudy(): Promise<void>;
  /** Like bestOfN, by the reward model of the last study. */
  studyBest(
    prompts: readonly { id: string; text: string }[],
    n: number,
    seed: number,
  ): Promise<{ plain: Sample; best: Sample }[]>;
  /**
   * For each ranking: change of the mean score gap (trained minus start answers) when it is left out of the fast fit.
   * @param flip the run learned from the rankings turned round
   */
  influence(
    rankings: readonly Ranking[],
    before: readonly Sample[],
    after: readonly Sample[],
    flip: boolean,
  ): Promise<number[]>;
  /**
   * Runs iterations until `iterations`, pause or cancel, or until something halts it. The options are chosen at the
   * start of a run (PPO-ptx by default) and stay until it is reset.
   */
  play(iterations: number, options?: Partial<RunOptions>): Promise<Played>;
  pause(): Promise<void>;
  /** Back to the SFT model; drops the run. */
  reset(): Promise<void>;
  /** Back to the weights after iteration `step` of this run (0 = start). Rejects if not kept. */
  rollback(step: number): Promise<void>;
  /** Live scalars, and the length of the run that the learning rate falls by; take effect at the next iteration. */
  tune(knobs: Partial<Tunable>): Promise<void>;
  /**
   * A model as safetensors bytes with its card: GPT-2's names and shapes, and for the reward its trunk with
   * `score.weight` and `score.bias` over the features of kernels/response-features.ts.
   */
  exportModel(which: "policy" | "average" | "reward" | "sft"): Promise<ArrayBuffer>;
  /** Everything needed to go on after a reload. */
  snapshot(): Promise<ArrayBuffer | null>;
  restore(snapshot: ArrayBuffer): Promise<{ step: number }>;
  /** Test hook and "what if" button of the kernels page: destroys the device. */
  destroyDevice(): Promise<void>;
}
