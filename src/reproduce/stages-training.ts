// Stages that train: base models, supervised ones, the reward model with its rankings, and reinforcement.
import { corpusRows, publicRows, worldData } from "./data.ts";
import type { Variation } from "./forms.ts";
import { configOf } from "./models.ts";
import { names } from "./names.ts";
import { reinforce } from "./reinforce.ts";
import { makeReward } from "./reward.ts";
import { dataSettings, sizeSettings, values } from "./scope.ts";
import type { Scope } from "./scope.ts";
import { jsonOf } from "./stage.ts";
import type { Stage } from "./stage.ts";
import { fineTune, pretrain, stepsOf } from "./training.ts";
import { makeRankings } from "./rankings.ts";
import type { Rankings } from "./rankings.ts";

export function baseStage(scope: Scope): Stage {
  const { size, seed, cost, shipped } = scope;
  const { start, steps, rate } = size;
  return {
    name: names.base(size.name, seed),
    settings: jsonOf({ ...sizeSettings(scope), start, steps, rate }),
    inputs: [],
    flops: steps * cost.update + 12 * cost.loss,
    run: (work) => pretrain(work, size, seed, shipped),
  };
}

function tuneStage(
  scope: Scope,
  name: string,
  { rows, settings, epochs, checkpoints = [] }: TuneSettings,
): Stage {
  const { size, seed, cost } = scope;
  const base = names.base(size.name, seed);
  return {
    name,
    settings: jsonOf({
      ...sizeSettings(scope),
      ...settings,
      epochs,
      checkpoints,
      rate: size.sftRate,
    }),
    inputs: [base],
    flops: epochs * stepsOf(rows()) * cost.update + 12 * cost.loss,
    run: (work) => {
      const tuning = { epochs, rate: size.sftRate, seed: seed + 78, checkpoints };
      return fineTune(work, configOf(size), values(work.input(base)), rows(), tuning);
    },
  };
}

interface TuneSettings {
  readonly rows: () => ReturnType<typeof publicRows>;
  readonly settings: object;
  readonly epochs: number;
  readonly checkpoints?: readonly number[];
}

export function initStage(scope: Scope): Stage {
  const { form, size, seed } = scope;
  const { initEpochs: epochs, initMix } = form;
  const rows = () => {
    const demonstrations = worldData(form).demonstrations;
    const corpus = corpusRows(3000 + seed);
    const mixed = Math.round(demonstrations.length * initMix);
    return [...demonstrations, ...Array.from({ length: mixed }, () => corpus.next().value)];
  };
  const settings = { ...dataSettings(form), initMix };
  return tuneStage(scope, names.init(size.name, seed), { rows, settings, epochs });
}

export function epochsStage(scope: Scope): Stage {
  const { form, size, seed } = scope;
  const { sftEpochs: epochs } = size;
  const checkpoints = [...new Set([Math.ceil(epochs / 4), Math.ceil(epochs / 2), epochs])];
  const rows = () => [...worldData(form).demonstrations];
  const settings = dataSettings(form);
  return tuneStage(scope, names.epochs(size.name, seed), { rows, settings, epochs, checkpoints });
}

export function publicStage(scope: Scope): Stage {
  const { form, size, seed } = scope;
  const rows = () => publicRows(4000 + seed, form.publicRows);
  const settings = { rows: form.publicRows };
  const name = names.model(size.name, "public", seed);
  return tuneStage(scope, name, { rows, settings, epochs: form.publicEpochs });
}

export function rankingsStage(scope: Scope): Stage {
  const { form, size, seed, cost } = scope;
  const { rankings, validationRankings, answers } = form;
  const init = names.init(size.name, seed);
  return {
    name: names.rankings(size.name, seed),
    settings: jsonOf({ ...dataSettings(form), rankings, validationRankings, seed }),
    inputs: [init],
    flops: (rankings + validationRankings) * answers[1] * cost.rankedAnswer,
    run: (work) => makeRankings(work, form, configOf(size), values(work.input(init)), seed),
  };
}

export async function rewardStage(scope: Scope): Promise<Stage> {
  const { form, size, seed, cost } = scope;
  const { rankings, validationRankings, answers, rewardEpochs } = form;
  const [init, ranked] = [names.init(size.name, seed), names.rankings(size.name, seed)];
  const judged = validationRankings * answers[1] + 200;
  return {
    name: names.reward(size.name, seed),
    settings: jsonOf({ rewardEpochs, head: "all rankings", seed }),
    inputs: [init, ranked],
    flops: rankings * rewardEpochs * (await cost.ranking(answers[1])) + judged * cost.judged,
    run: (work) => {
      const found = work.input(ranked).data as unknown as Rankings;
      return makeReward(work, form, configOf(size), values(work.input(init)), found, seed);
    },
  };
}

export async function runStage(scope: Scope, name: string, run: Variation): Promise<Stage> {
  const { form, size, seed, cost } = scope;
  const [init, reward, rankings] = [
    names.init(size.name, seed),
    names.reward(size.name, seed),
    names.rankings(size.name, seed),
  ];
  const { batch, minibatches, valueEpochs, emaDecay } = form;
  const { policyRate } = size;
  return {
    name,
    settings: jsonOf({
      ...run,
      ...dataSettings(form),
      batch,
      minibatches,
      valueEpochs,
      emaDecay,
      policyRate,
      seed,
    }),
    inputs: [init, reward, rankings],
    flops: await cost.run(run),
    run: (work) =>
      reinforce(work, form, size, run, {
        init: values(work.input(init)),
        reward: work.input(reward),
        rankings: work.input(rankings).data as unknown as Rankings,
        seed,
      }),
  };
}
