// Forward passes over finished sequences: log-probabilities of responses, values, and reward features.
import { columns } from "../kernels/columns.ts";
import { embedding } from "../kernels/embedding.ts";
import { KNOBS } from "../kernels/knobs.ts";
import { logprobs } from "../kernels/logprobs.ts";
import type { Logprobs } from "../kernels/logprobs.ts";
import { featureCount, responseFeatures } from "../kernels/response-features.ts";
import { scalarHead } from "../kernels/scalar-head.ts";
import type { GptConfig } from "../model/gpt.ts";
import { gpt, gptSpecs, unembed } from "../model/gpt.ts";
import type { ParameterSpec, Parameters } from "../model/parameters.ts";
import { parameter } from "../model/parameters.ts";
import type { Tape } from "../plan/tape.ts";
import type { Tensor } from "../plan/tensor.ts";
import type { Sequences } from "./sequences.ts";
import { BANNED } from "./rollout.ts";

/** Hidden states (B*T,C) of whole sequences. */
export function hiddenStates(
  tape: Tape,
  config: GptConfig,
  p: Parameters,
  { tokens, positions, mask }: Sequences,
): Tensor {
  return gpt(tape, config, p, { tokens, positions, mask });
}

/** Log-probability and entropy (B,G) of each response token: column P+j is predicted at column P+j-1. */
export function responseLogprobs(
  tape: Tape,
  config: GptConfig,
  p: Parameters,
  batch: Sequences,
  hidden: Tensor,
  knobs: Tensor,
): Logprobs {
  const { B, T, P, G, response } = batch;
  const states = columns(tape, hidden, { B, T, first: P - 1, count: G });
  return logprobs(tape, unembed(tape, config, p, states), response, {
    BANNED,
    shape: [B, G],
    temperature: { tensor: knobs, index: KNOBS.temperature },
  });
}

/** Parameters of a value model: the trunk and a scalar head. */
export function valueSpecs(config: GptConfig): ParameterSpec[] {
  return [
    ...gptSpecs(config),
    { name: "score.weight", shape: [config.width], std: 0 },
    { name: "score.bias", shape: [1], std: 0 },
  ];
}

/** Values (B,G) of the states from which each response token was drawn. */
export function values(tape: Tape, config: GptConfig, p: Parameters, batch: Sequences): Tensor {
  const { B, T, P, G } = batch;
  const hidden = hiddenStates(tape, config, p, batch);
  const states = columns(tape, hidden, { B, T, first: P - 1, count: G });
  const weight = parameter(p, "score.weight");
  return scalarHead(tape, states, weight, parameter(p, "score.bias"), [B, G]);
}

/** Parameters of the reward head over response features. */
export function rewardHeadSpecs(config: GptConfig): ParameterSpec[] {
  return [
    { name: "score.weight", shape: [featureCount(config.width), 1], std: 0 },
    { name: "score.bias", shape: [1], std: 0 },
  ];
}

/** Reward features (B, 3C+2): hidden states of `trunk`, word embeddings and fluency of the frozen reference. */
export function rewardFeatures(
  tape: Tape,
  models: { readonly reference: Parameters; readonly hidden: Tensor },
  batch: Sequences,
  inputs: { readonly logp: Tensor; readonly mask: Tensor },
): Tensor {
  const { B, T, P, G, response } = batch;
  const h = columns(tape, models.hidden, { B, T, first: P, count: G });
  const wte = parameter(models.reference, "wte.weight");
  const e = embedding(tape, response, response, wte, undefined);
  return responseFeatures(tape, { h, e, ...inputs });
}

/** Scores (B) of features. */
export function rewardScores(tape: Tape, head: Parameters, features: Tensor): Tensor {
  const [B = 0] = features.shape;
  const weight = parameter(head, "score.weight");
  return scalarHead(tape, features, weight, parameter(head, "score.bias"), [B]);
}
