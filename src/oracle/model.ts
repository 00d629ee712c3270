// Oracle specs of whole models: language modelling, optimiser steps, padding, the reward model and PPO-ptx.
import { adamw, adamwKnobs } from "../kernels/adamw.ts";
import { columns } from "../kernels/columns.ts";
import { crossEntropy } from "../kernels/cross-entropy.ts";
import { dropoutApply } from "../kernels/dropout.ts";
import { NORM_STATE, globalNorm } from "../kernels/global-norm.ts";
import { KNOBS } from "../kernels/knobs.ts";
import { logprobs } from "../kernels/logprobs.ts";
import type { Logprobs } from "../kernels/logprobs.ts";
import { pooledHead } from "../kernels/pooled-head.ts";
import { REWARD_STATS, rewardLoss } from "../kernels/reward-loss.ts";
import { rewardNormalise } from "../kernels/reward-normalise.ts";
import { scalarHead } from "../kernels/scalar-head.ts";
import { unembed } from "../model/gpt.ts";
import { parameter } from "../model/parameters.ts";
import type { Tensor } from "../plan/tensor.ts";
import type { Bench, Results, Spec } from "./bench.ts";
import { Batch, Model } from "./batch.ts";
import { experience, ppoKnobs, ppoLosses, ppoMetrics, rolloutResults } from "./ppo.ts";

/** Next-token loss of a model on a batch, with an optional live weight of its derivative. */
function languageLoss(bench: Bench, model: Model, batch: Batch, weight?: Tensor): Tensor {
  const { logits } = forward(bench, model, batch);
  const mask = batch.nextMask(bench);
  const options =
    weight === undefined ? {} : { weight: { tensor: weight, index: KNOBS.ptxCoefficient } };
  return crossEntropy(bench.tape, logits, batch.nextTokens(bench), mask, options).loss;
}

function forward(bench: Bench, model: Model, batch: Batch): { hidden: Tensor; logits: Tensor } {
  const hidden = model.hidden(bench, batch);
  return { hidden, logits: unembed(bench.tape, model.config, model.parameters, hidden) };
}

async function modelLm(bench: Bench): Promise<Results> {
  const model = Model.load(bench, "cfg", "param/", true);
  const batch = Batch.of(bench, "");
  const { logits } = forward(bench, model, batch);
  const mask = batch.nextMask(bench);
  const { loss } = crossEntropy(bench.tape, logits, batch.nextTokens(bench), mask);
  const read = await bench.finish({ logits, loss });
  return { ...read, ...(await model.gradients(bench, "grad/")) };
}

async function modelAdamw(bench: Bench): Promise<Results> {
  const model = Model.load(bench, "cfg", "param/", true);
  const { values, decayEnd } = model.parameters;
  const grads = model.flatGradients;
  const [m, v] = [bench.zeros("m", values.shape), bench.zeros("v", values.shape)];
  const state = bench.zeros("state", [NORM_STATE.size]);
  const rates = bench.values("lr");
  const [beta1, beta2] = bench.item.hyper["betas"] as readonly [number, number];
  const settings = {
    beta1,
    beta2,
    eps: bench.number("eps"),
    weightDecay: bench.number("weight_decay"),
    maxNorm: bench.number("max_norm"),
  };
  const losses: number[] = [];
  const grad_norms: number[] = [];
  for (let step = 0; step < rates.length; step++) {
    model.train(bench);
    const loss = languageLoss(bench, model, Batch.of(bench, "", step));
    bench.tape.backward();
    const learningRate = rates[step] ?? NaN;
    const knobs = bench.constant(
      "knobs",
      [10],
      adamwKnobs(step + 1, { ...settings, learningRate }),
    );
    globalNorm(bench.tape, grads, state, knobs);
    adamw(bench.tape, values, grads, m, v, state, knobs, decayEnd);
    const read = await bench.finish({ loss, state });
    losses.push(read["loss"]?.[0] ?? NaN);
    grad_norms.push(read["state"]?.[NORM_STATE.norm] ?? NaN);
  }
  return { losses, grad_norms, ...(await model.values(bench, "after/")) };
}

async function modelPadding(bench: Bench): Promise<Results> {
  const model = Model.load(bench, "cfg", "param/", false);
  const real = async (side: string): Promise<number[]> => {
    const batch = Batch.of(bench, side);
    const { logits } = forward(bench, model, batch);
    const { logits: all = [] } = await bench.finish({ logits });
    const V = model.config.vocabulary;
    return batch.realRows().flatMap((r) => Array.from(all).slice(r * V, (r + 1) * V));
  };
  const [right, left] = [await real("_right"), await real("_left")];
  // Both paddings must give the expected logits; the worse one is what is reported.
  const largest = Math.max(...right.map(Math.abs));
  const apart = right.findIndex(
    (value, i) => !(Math.abs(value - (left[i] ?? NaN)) <= bench.slack * 1e-4 * largest),
  );
  return { logits_real: apart < 0 ? right : left };
}

async function modelReward(bench: Bench): Promise<Results> {
  const model = Model.load(bench, "cfg", "param/", true);
  const [N = 1, K = 1] = bench.shape("rank");
  const batch = Batch.of(bench, "");
  const scores = score(bench, model, batch);
  const present = bench.constant("present", [N, K], new Float32Array(N * K).fill(1));
  const { loss, stats } = rewardLoss(bench.tape, scores, bench.input("rank"), present);
  const read = await bench.finish({ scores, loss, stats });
  const accuracy = [read["stats"]?.[REWARD_STATS.accuracy] ?? NaN];
  return { ...read, accuracy, ...(await model.gradients(bench, "grad/")) };
}

/** The score of every sequence: the scalar head at its last real token. */
function score(bench: Bench, model: Model, batch: Batch): Tensor {
  const h = model.hidden(bench, batch);
  const w = parameter(model.parameters, "score.weight");
  const b = parameter(model.parameters, "score.bias");
  const mask = batch.keyMask(bench, "f32");
  const lastIndex = batch.lastIndex(bench);
  return pooledHead(bench.tape, { h, mask, w, b, lastIndex }, "last");
}

/** Hidden states at the columns that predict the response: P-1 to T-2 of every sequence, (B·G,C). */
function responseStates(bench: Bench, model: Model, batch: Batch, prompt: number): Tensor {
  const h = model.hidden(bench, batch);
  const { B, T } = batch;
  return columns(bench.tape, h, { B, T, first: prompt - 1, count: T - prompt });
}

function responseLogprobs(bench: Bench, model: Model, batch: Batch, live: Tensor): Logprobs {
  const P = bench.number("prompt_len");
  const states = responseStates(bench, model, batch, P);
  const logits = unembed(bench.tape, model.config, model.parameters, states);
  const response = batch.response(bench, P);
  const temperature = { tensor: live, index: KNOBS.temperature };
  return logprobs(bench.tape, logits, response.tokens, { temperature, shape: response.shape });
}

function responseValues(bench: Bench, model: Model, batch: Batch): Tensor {
  const P = bench.number("prompt_len");
  const states = responseStates(bench, model, batch, P);
  const w = parameter(model.parameters, "score.weight");
  const b = parameter(model.parameters, "score.bias");
  return scalarHead(bench.tape, states, w, b, batch.response(bench, P).shape);
}

async function modelPpo(bench: Bench): Promise<Results> {
  const live = ppoKnobs(bench);
  const batch = Batch.of(bench, "");
  const ptx = Batch.of(bench, "ptx_");
  const { mask } = batch.response(bench, bench.number("prompt_len"));
  const frozen = (name: string, config = "cfg_scalar"): Model =>
    Model.load(bench, config, `${name}/`, false);
  const masked = (x: Tensor): Tensor => dropoutApply(bench.tape, x, mask, 0);

  const lpOld = responseLogprobs(bench, frozen("policy_old", "cfg_policy"), batch, live).logp;
  const ref = responseLogprobs(bench, frozen("ref", "cfg_policy"), batch, live).logp;
  const valuesOld = responseValues(bench, frozen("value_old"), batch);
  const bias = bench.constant("rm.moments", [2], [bench.number("rm_bias"), 1]);
  const scores = rewardNormalise(bench.tape, score(bench, frozen("rm"), batch), bias);
  const hasEos = bench.input("has_eos", "f32");
  const rollout = { scores, ref, lp: lpOld, values: valuesOld, mask, hasEos };
  const made = experience(bench, rollout, live);
  const first = await bench.finish({
    lp_old: masked(lpOld),
    ref_lp: masked(ref),
    v_old: masked(valuesOld),
    scores,
    scores_used: made.scoresUsed,
    token_rewards: made.tokenRewards,
    advantages: made.advantages,
    returns: made.returns,
    rollout: made.rollout,
  });

  const policy = Model.load(bench, "cfg_policy", "policy_new/", true);
  const value = Model.load(bench, "cfg_scalar", "value_new/", true);
  const update = async (withPtx: boolean): Promise<Results> => {
    policy.train(bench);
    value.train(bench);
    const { logp: lp, entropy } = responseLogprobs(bench, policy, batch, live);
    const values = responseValues(bench, value, batch);
    const { advantages, returns } = made;
    const inputs = { lp, lpOld, advantages, mask, entropy, values, valuesOld, returns };
    const stats = ppoLosses(bench, inputs, live);
    const shown = { lp_new: masked(lp), v_new: masked(values) };
    const loss = withPtx ? { ptx_loss: languageLoss(bench, policy, ptx, live) } : {};
    const read = await bench.finish({ ...stats, ...shown, ...loss });
    return { ...read, ...ppoMetrics(read) };
  };
  const plain = await update(false);
  const gradients = await policy.gradients(bench, "grad_policy_ppo/");
  const second = await update(true);
  const [total = NaN, language = NaN] = [second["total_loss"]?.[0], second["ptx_loss"]?.[0]];
  return {
    ...plain,
    ...second,
    ...first,
    ...rolloutResults(first["rollout"]),
    ...gradients,
    ...(await policy.gradients(bench, "grad_policy/")),
    ...(await value.gradients(bench, "grad_value/")),
    // only reported: the derivative of the sum is what the two losses wrote above
    loss_with_ptx: [total + bench.number("ptx_coef") * language],
  };
}

export const model: Readonly<Record<string, Spec>> = {
  model_lm: modelLm,
  model_adamw: modelAdamw,
  model_padding: modelPadding,
  model_reward: modelReward,
  model_ppo: modelPpo,
};
