// Training the reward model on K-way rankings: features of completions, the fast head, the full fine-tune.
import { copy } from "../kernels/copy.ts";
import { responseMask } from "../kernels/response-mask.ts";
import { featureCount } from "../kernels/response-features.ts";
import { rewardLoss } from "../kernels/reward-loss.ts";
import type { GptConfig } from "../model/gpt.ts";
import type { Parameters } from "../model/parameters.ts";
import { Tape } from "../plan/tape.ts";
import { persistent } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { EOS, PAD } from "../world/tokenizer.ts";
import type { Optimiser } from "./optimiser.ts";
import { update } from "./optimiser.ts";
import { hiddenStates, responseLogprobs, rewardFeatures, rewardScores } from "./scoring.ts";
import { sequences } from "./sequences.ts";
import type { Sequences } from "./sequences.ts";

/** Rankings on the device: N prompts with up to K ranked items. */
export interface RankingTensors {
  readonly N: number;
  readonly K: number;
  /** (N*K, 3C+2) features of every completion */
  readonly features: Tensor;
  /** i32 (N,K), smaller is better */
  readonly rank: Tensor;
  /** f32 (N,K), 1 = ranked */
  readonly present: Tensor;
  /** (5), see REWARD_STATS */
  readonly stats: Tensor;
  /** (N*K) scores after the fit */
  readonly scores: Tensor;
}

export function rankingTensors(config: GptConfig, N: number, K: number): RankingTensors {
  return {
    N,
    K,
    features: persistent("rankings.features", [N * K, featureCount(config.width)]),
    rank: persistent("rankings.rank", [N, K], "i32"),
    present: persistent("rankings.present", [N, K]),
    stats: persistent("rankings.stats", [5]),
    scores: persistent("rankings.scores", [N * K]),
  };
}

/** Features (B, 3C+2) of a batch of given responses under the frozen reference, for the fast stage. */
export function featuresTape(
  config: GptConfig,
  reference: Parameters,
  batch: Sequences,
  out: { readonly features: Tensor; readonly logp: Tensor },
  knobs: Tensor,
): Tape {
  const tape = new Tape();
  const { mask } = responseMask(tape, batch.response, EOS, PAD);
  const hidden = hiddenStates(tape, config, reference, batch);
  const { logp } = responseLogprobs(tape, config, reference, batch, hidden, knobs);
  const features = rewardFeatures(tape, { reference, hidden }, batch, { logp, mask });
  copy(tape, features, out.features);
  copy(tape, logp, out.logp);
  return tape;
}

/** One full-batch step of the head on frozen features: a convex problem (InstructGPT eq. 1). */
export function headTape(head: Parameters, optimiser: Optimiser, data: RankingTensors): Tape {
  const tape = new Tape();
  tape.train(head.tensors.values());
  const scores = rewardScores(tape, head, data.features);
  rewardLoss(tape, scores, data.rank, data.present, { stats: data.stats });
  tape.backward();
  update(tape, head, optimiser);
  return tape;
}

/** Scores and statistics of the head on frozen features. */
export function headScoresTape(head: Parameters, data: RankingTensors): Tape {
  const tape = new Tape();
  const scores = rewardScores(tape, head, data.features);
  rewardLoss(tape, scores, data.rank, data.present, { stats: data.stats });
  copy(tape, scores, data.scores);
  return tape;
}

/** Whole rankings on the device for the full stage: E prompts with K answers each, one sequence per answer. */
export interface RankedBatch {
  readonly E: number;
  readonly K: number;
  readonly batch: Sequences;
  /** (E*K,G) mean log-probability of each answer under the reference, at all of its tokens */
  readonly logp: Tensor;
  /** i32 (E,K), smaller is better */
  readonly rank: Tensor;
  /** f32 (E,K), 1 = ranked */
  readonly present: Tensor;
  /** (E*K, 3C+2) */
  readonly features: Tensor;
}

export function rankedBatch(
  config: GptConfig,
  E: number,
  K: number,
  extents: { readonly P: number; readonly G: number },
): RankedBatch {
  const B = E * K;
  return {
    E,
    K,
    batch: sequences("ranked", { ...extents, B }),
    logp: persistent("ranked.logp", [B, extents.G]),
    rank: persistent("ranked.rank", [E, K], "i32"),
    present: persistent("ranked.present", [E, K]),
    features: persistent("ranked.features", [B, featureCount(config.width)]),
  };
}

/** Models of the full stage: word embeddings come from the frozen reference, hidden states from the trunk. */
export interface FullModels {
  readonly reference: Parameters;
  readonly trunk: Parameters;
  readonly head: Parameters;
}

function trunkFeatures(
  tape: Tape,
  config: GptConfig,
  { reference, trunk }: FullModels,
  { batch, logp }: RankedBatch,
): Tensor {
  const { mask } = responseMask(tape, batch.response, EOS, PAD);
  const hidden = hiddenStates(tape, config, trunk, batch);
  return rewardFeatures(tape, { reference, hidden }, batch, { logp, mask });
}

/** One step of trunk and head on whole rankings (InstructGPT eq. 1), each with its own optimiser. */
export function fullTape(
  config: GptConfig,
  models: FullModels,
  optimisers: { readonly trunk: Optimiser; readonly head: Optimiser },
  data: RankedBatch,
): Tape {
  const tape = new Tape();
  tape.train([...models.trunk.tensors.values(), ...models.head.tensors.values()]);
  const scores = rewardScores(tape, models.head, trunkFeatures(tape, config, models, data));
  rewardLoss(tape, scores, data.rank, data.present);
  tape.backward();
  update(tape, models.trunk, optimisers.trunk);
  update(tape, models.head, optimisers.head);
  return tape;
}

/** Features of answers under the fine-tuned trunk. */
export function fullFeaturesTape(config: GptConfig, models: FullModels, data: RankedBatch): Tape {
  const tape = new Tape();
  copy(tape, trunkFeatures(tape, config, models, data), data.features);
  return tape;
}
