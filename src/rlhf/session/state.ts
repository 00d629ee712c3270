// Everything of a run that lives on the device: models, optimisers, experience, statistics and live scalars.
import type { RunConfig } from "../../config.ts";
import { KNOB_COUNT } from "../../kernels/knobs.ts";
import type { GptConfig } from "../../model/gpt.ts";
import { gptSpecs } from "../../model/gpt.ts";
import type { Parameters } from "../../model/parameters.ts";
import { layOut } from "../../model/parameters.ts";
import { persistent } from "../../plan/tensor.ts";
import type { Tensor } from "../../plan/tensor.ts";
import type { Experience, Models } from "../experience.ts";
import { experience } from "../experience.ts";
import { lmInput } from "../language-model.ts";
import type { LmInput } from "../language-model.ts";
import { makeOptimiser } from "../optimiser.ts";
import type { Optimiser } from "../optimiser.ts";
import { valueSpecs } from "../scoring.ts";
import { sequences } from "../sequences.ts";
import type { Sequences } from "../sequences.ts";

/** Columns of prompts and answers in the live loop. */
export const PROMPT_COLUMNS = 24;
export const ANSWER_COLUMNS = 24;
/** Token positions of pre-training text in one policy minibatch. */
export const PTX_ROWS = 8;
export const PTX_LENGTH = 48;

/** Columns of prompts and answers, and rows and columns of pre-training text in a policy minibatch. */
export interface SessionShape {
  readonly P: number;
  readonly G: number;
  readonly ptxRows: number;
  readonly ptxLength: number;
}

/** The live loop's. */
export const LIVE_SHAPE: SessionShape = {
  P: PROMPT_COLUMNS,
  G: ANSWER_COLUMNS,
  ptxRows: PTX_ROWS,
  ptxLength: PTX_LENGTH,
};

export interface RunState {
  readonly batch: Sequences;
  /** a minibatch of DPO: preferred answers, then the matching others */
  readonly pairs: Sequences;
  readonly models: Models;
  /** moving average of the policy */
  readonly average: Parameters;
  readonly data: Experience;
  readonly policyOptimiser: Optimiser;
  readonly valueOptimiser: Optimiser;
  readonly ptx: { readonly input: LmInput; readonly stats: Tensor };
  /** POLICY_STATS of the first and of the last minibatch of an iteration */
  readonly firstPolicy: Tensor;
  readonly lastPolicy: Tensor;
  /** statistics of the method's own loss */
  readonly own: Tensor;
  readonly valueStats: Tensor;
  readonly knobs: Tensor;
  /** target, horizon and steps of the adaptive KL controller */
  readonly kl: Tensor;
  /** decay of the average, and its complement */
  readonly decay: Tensor;
}

/**
 * Lays everything out; memory is taken when a plan or a write first touches it.
 * @param judged size of the reward and value models
 */
export function runState(
  model: GptConfig,
  config: RunConfig,
  rewardHead: Parameters,
  { P, G, ptxRows, ptxLength }: SessionShape = LIVE_SHAPE,
  judged: GptConfig = model,
): RunState {
  const extents = { B: config.batch, P, G };
  const batch = sequences("rollout", extents);
  const specs = gptSpecs(model);
  const reference = layOut("reference", specs, false);
  const judge = {
    config: judged,
    reference: judged === model ? reference : layOut("judge", gptSpecs(judged), false),
  };
  const models = {
    policy: layOut("policy", specs, true),
    reference,
    judge,
    rewardTrunk: judge.reference,
    rewardHead,
    value: layOut("value", valueSpecs(judged), true),
  };
  const firstPolicy = persistent("policy.first", [10]);
  const pairs = Math.max(1, Math.floor(config.batch / config.minibatches / 2));
  return {
    batch,
    pairs: sequences("pairs", { ...extents, B: 2 * pairs }),
    models,
    average: layOut("average", specs, false),
    data: experience(batch),
    policyOptimiser: makeOptimiser(models.policy),
    valueOptimiser: makeOptimiser(models.value),
    ptx: { input: lmInput("ptx", ptxRows, ptxLength), stats: persistent("ptx.stats", [2]) },
    firstPolicy,
    lastPolicy: config.minibatches > 1 ? persistent("policy.last", [10]) : firstPolicy,
    own: persistent("method.stats", [6]),
    valueStats: persistent("value.stats", [9]),
    knobs: persistent("knobs", [KNOB_COUNT]),
    kl: persistent("kl.knobs", [3]),
    decay: persistent("ema.knobs", [2]),
  };
}
