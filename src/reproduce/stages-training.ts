// Stages that train: base models, supervised ones, the reward model with its rankings, and reinforcement.
import { corpusRows, publicRows, worldData } from "./data.ts";
import { checkpointsOf, judgeOf, servedBy } from "./forms.ts";
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
import { learnedCount, peopleSettings } from "./people.ts";
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
  { rows, settings, epochs, checkpoints = [], dropout = 0, heldOut }: TuneSettings,
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
      // absent from the keys of stages without them
      dropout: dropout > 0 ? dropout : undefined,
      heldOut: heldOut === undefined ? undefined : "every epoch",
    }),
    inputs: [base],
    flops:
      epochs * (stepsOf(rows()) * cost.update + stepsOf(heldOut?.() ?? []) * cost.loss) +
      12 * cost.loss,
    run: (work) => {
      const shown = { dropout, heldOut: heldOut?.() ?? [] };
      const tuning = { epochs, rate: size.sftRate, seed: seed + 78, checkpoints, ...shown };
      return fineTune(work, configOf(size), values(work.input(base)), rows(), tuning);
    },
  };
}

interface TuneSettings {
  readonly rows: () => ReturnType<typeof publicRows>;
  readonly settings: object;
  readonly epochs: number;
  readonly checkpoints?: readonly number[];
  readonly dropout?: number;
  readonly heldOut?: () => ReturnType<typeof publicRows>;
}

/** The PPO initial model: demonstrations, mixed with pre-training rows. */
export function initStage(
  scope: Scope,
  name: string = names.init(scope.size.name, scope.seed),
  initMix = scope.form.initMix,
): Stage {
  const { form, size, seed } = scope;
  const epochs = size.initEpochs ?? form.initEpochs;
  const rows = () => {
    const demonstrations = worldData(form).demonstrations;
    const corpus = corpusRows(3000 + seed);
    const mixed = Math.round(demonstrations.length * initMix);
    return [...demonstrations, ...Array.from({ length: mixed }, () => corpus.next().value)];
  };
  const settings = { ...dataSettings(form), initMix };
  return tuneStage(scope, name, { rows, settings, epochs });
}

/** SFT: the demonstrations, its checkpoints, and the loss on demonstrations that it does not see. */
export function epochsStage(
  scope: Scope,
  name: string = names.epochs(scope.size.name, scope.seed),
  dropout = scope.form.sftDropout,
): Stage {
  const { form, size } = scope;
  const { sftEpochs: epochs } = size;
  const checkpoints = checkpointsOf(size);
  const rows = () => [...worldData(form).demonstrations];
  const heldOut = () => [...worldData(form).heldOutDemonstrations];
  const settings = dataSettings(form);
  return tuneStage(scope, name, { rows, settings, epochs, checkpoints, dropout, heldOut });
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

/**
 * The reward model, from an initial model: the rankings are always those of the form's own one, and of the sizes
 * that it serves.
 */
export async function rewardStage(
  scope: Scope,
  name: string = names.reward(scope.size.name, scope.seed),
  init: string = names.init(scope.size.name, scope.seed),
): Promise<Stage> {
  const { form, size, seed, cost } = scope;
  const { validationRankings, answers, rewardEpochs, people } = form;
  const ranked = names.rankings(size.name, seed);
  const served = servedBy(form, size).map(({ name: other }) => names.rankings(other, seed));
  const servedRankings = served.length === 0 ? undefined : form.servedRankings;
  const ofPeople = (people?.heldOut ?? []).reduce((n, one) => n + one.completions.length, 0);
  const judged = (1 + served.length) * validationRankings * answers[1] + ofPeople + 200;
  const learned = learnedCount(form, served.length);
  return {
    name,
    settings: jsonOf({
      ...{ rewardEpochs, head: "all rankings", seed, servedRankings },
      ...peopleSettings(form),
    }),
    inputs: [init, ranked, ...served],
    flops: learned * rewardEpochs * (await cost.ranking(answers[1])) + judged * cost.judged,
    run: (work) => {
      const found = (stage: string) => work.input(stage).data as unknown as Rankings;
      const rankings = { own: found(ranked), served: served.map(found) };
      return makeReward(work, form, configOf(size), values(work.input(init)), rankings, seed);
    },
  };
}

export async function runStage(scope: Scope, name: string, run: Variation): Promise<Stage> {
  const { form, size, seed, cost } = scope;
  const { initMix: mix } = run;
  const own = mix === undefined;
  const judge = judgeOf(form, size).name;
  const init = own ? names.init(size.name, seed) : names.initMix(size.name, mix, seed);
  const judged = own ? names.init(judge, seed) : init;
  const reward = own ? names.reward(judge, seed) : names.rewardMix(size.name, mix, seed);
  const rankings = names.rankings(judge, seed);
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
    inputs: [...new Set([init, judged, reward, rankings])],
    flops: await cost.run(run),
    run: (work) =>
      reinforce(work, form, size, run, {
        init: values(work.input(init)),
        judged: values(work.input(judged)),
        reward: work.input(reward),
        rankings: work.input(rankings).data as unknown as Rankings,
        seed,
      }),
  };
}
