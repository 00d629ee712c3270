// The plans of updates: one policy minibatch of each method, and one value minibatch of PPO.
import { columns } from "../kernels/columns.ts";
import { KNOBS } from "../kernels/knobs.ts";
import { responseMask } from "../kernels/response-mask.ts";
import { sequenceSum } from "../kernels/sequence-sum.ts";
import { dpo } from "../losses/dpo.ts";
import type { DpoKind } from "../losses/dpo.ts";
import { grpoLoss } from "../losses/grpo.ts";
import { ppoValueLoss } from "../losses/ppo-value.ts";
import { ppoPolicyLoss, ppoPolicyStats } from "../losses/ppo.ts";
import type { PolicyInputs } from "../losses/ppo.ts";
import { rlooLoss } from "../losses/rloo.ts";
import type { GptConfig } from "../model/gpt.ts";
import { Tape } from "../plan/tape.ts";
import { view } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { EOS, PAD } from "../world/tokenizer.ts";
import type { Experience, Models } from "./experience.ts";
import type { LmInput } from "./language-model.ts";
import { lmLoss } from "./language-model.ts";
import type { Method } from "./method.ts";
import type { Optimiser } from "./optimiser.ts";
import { update } from "./optimiser.ts";
import { hiddenStates, responseLogprobs, values as valuesOf } from "./scoring.ts";
import type { Sequences } from "./sequences.ts";
import { rows, slice } from "./sequences.ts";

/** Rows of a rollout that one update sees. */
export interface Minibatch {
  readonly batch: Sequences;
  readonly data: Experience;
  readonly first: number;
  readonly count: number;
}

/** What policy updates read and write besides their minibatch. */
export interface PolicyUpdate {
  readonly config: GptConfig;
  readonly models: Models;
  readonly optimiser: Optimiser;
  readonly knobs: Tensor;
  /** (10), see POLICY_STATS */
  readonly stats: Tensor;
  /** (6) statistics of the method's own loss: GRPO_STATS, DPO_STATS, or the loss alone */
  readonly own: Tensor;
  /** pre-training rows that are mixed in, and where their loss goes */
  readonly ptx: { readonly input: LmInput; readonly stats: Tensor };
}

/** Adds gamma times the pre-training loss (InstructGPT eq. 2), derives backward and updates the policy. */
function finish(tape: Tape, { config, models, optimiser, knobs, ptx }: PolicyUpdate): Tape {
  const weight = { tensor: knobs, index: KNOBS.ptxCoefficient };
  tape.scope("ptx", () =>
    lmLoss(tape, config, models.policy, ptx.input, { weight, stats: ptx.stats }),
  );
  tape.backward();
  update(tape, models.policy, optimiser);
  return tape;
}

/** One policy minibatch of a method that learns from rollouts. */
export function policyTape(
  method: Exclude<Method, "dpo">,
  { batch, data, first, count }: Minibatch,
  to: PolicyUpdate,
): Tape {
  const { config, models, knobs, stats, own } = to;
  const tape = new Tape();
  tape.train(models.policy.tensors.values());
  const part = slice(batch, first, count);
  const hidden = hiddenStates(tape, config, models.policy, part);
  const { logp: lp, entropy } = responseLogprobs(tape, config, models.policy, part, hidden, knobs);
  const lpOld = rows(data.lpOld, first, count);
  const advantages = rows(data.advantages, first, count);
  const mask = rows(data.mask, first, count);
  const inputs: PolicyInputs = { lp, lpOld, advantages, mask, entropy };
  if (method === "ppo") {
    ppoPolicyLoss(tape, inputs, knobs, stats);
    return finish(tape, to);
  }
  ppoPolicyStats(tape, inputs, knobs, stats);
  // a response's advantage stands at its first token too
  const grid = view(advantages, [count * batch.G, 1]);
  const single = columns(tape, grid, { B: count, T: batch.G, first: 0, count: 1 });
  const grouped = { lp, lpOld, mask, advantages: view(single, [count]) };
  if (method === "grpo") {
    grpoLoss(tape, { ...grouped, ref: rows(data.ref, first, count) }, knobs, { stats: own });
  } else {
    rlooLoss(tape, grouped, knobs, { stats: own });
  }
  return finish(tape, to);
}

/**
 * One minibatch of DPO: the first half of the rows are preferred answers, the second half the matching others.
 * The statistics compare with the reference, from which the run starts: their ratio is 1 before the first update.
 */
export function dpoTape(kind: DpoKind, pairs: Sequences, to: PolicyUpdate): Tape {
  const { config, models, knobs, stats, own } = to;
  const tape = new Tape();
  tape.train(models.policy.tensors.values());
  const { mask } = responseMask(tape, pairs.response, EOS, PAD);
  const known = hiddenStates(tape, config, models.reference, pairs);
  const ref = responseLogprobs(tape, config, models.reference, pairs, known, knobs).logp;
  const hidden = hiddenStates(tape, config, models.policy, pairs);
  const { logp: lp, entropy } = responseLogprobs(tape, config, models.policy, pairs, hidden, knobs);
  ppoPolicyStats(tape, { lp, lpOld: ref, advantages: mask, mask, entropy }, knobs, stats);
  const sums = { lp: sequenceSum(tape, lp, mask), ref: sequenceSum(tape, ref, mask) };
  dpo(tape, sums.lp, sums.ref, knobs, { kind, stats: own });
  return finish(tape, to);
}

/** One value minibatch: clipped squared error, backward, AdamW. */
export function valueTape(
  { batch, data, first, count }: Minibatch,
  {
    models,
    optimiser,
    knobs,
    stats,
  }: Pick<PolicyUpdate, "models" | "optimiser" | "knobs" | "stats">,
): Tape {
  const tape = new Tape();
  const { value, judge } = models;
  tape.train(value.tensors.values());
  const values = valuesOf(tape, judge.config, value, slice(batch, first, count));
  const [valuesOld, returns, mask] = [data.valuesOld, data.returns, data.mask].map((tensor) =>
    rows(tensor, first, count),
  ) as [Tensor, Tensor, Tensor];
  ppoValueLoss(tape, { values, valuesOld, returns, mask }, knobs, stats);
  tape.backward();
  update(tape, value, optimiser);
  return tape;
}
