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
import { EOS } from "../world/tokenizer.ts";
import type { Optimiser } from "./optimiser.ts";
import { update } from "./optimiser.ts";
import { hiddenStates, responseLogprobs, rewardFeatures, rewardScores } from "./scoring.ts";
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
  const { mask } = responseMask(tape, batch.response, EOS);
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
