// Stages that train: base models, supervised ones, the reward model with its rankings, and reinforcement.
import { corpusRows, publicRows, worldData } from "./data.ts";
import { checkpointsOf, judgeOf, roundsOf, servedBy, sizeRun } from "./forms.ts";
import type { Variation } from "./forms.ts";
import { configOf } from "./models.ts";
import { names } from "./names.ts";
import { reinforce } from "./reinforce.ts";
import { makeReward } from "./reward.ts";
import { dataSettings, sizeSettings, values } from "./scope.ts";
import type { Scope } from "./scope.ts";
import { jsonOf } from "./stage.ts";
import type { Stage, Work } from "./stage.ts";
import { fineTune, pretrain, stepsOf } from "./training.ts";
import { learnedCount, peopleSettings } from "./people.ts";
import { joined, makeRankings } from "./rankings.ts";
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

/** Labelers and samples of a round are drawn from this many seeds further on. */
const ROUND_SEEDS = 1000;

/** Rankings of the initial model's answers, and in later rounds of those of the policy of the round before. */
export function rankingsStage(scope: Scope, round = 1): Stage {
  const { form, size, cost } = scope;
  const { rankings, validationRankings, answers } = form;
  const seed = scope.seed + ROUND_SEEDS * (round - 1);
  const model =
    round === 1
      ? names.init(size.name, scope.seed)
      : names.roundPolicy(size.name, round - 1, scope.seed);
  return {
    name: names.rankings(size.name, scope.seed, round),
    settings: jsonOf({ ...dataSettings(form), rankings, validationRankings, seed }),
    inputs: [model],
    flops: (rankings + validationRankings) * answers[1] * cost.rankedAnswer,
    run: (work) => makeRankings(work, form, configOf(size), values(work.input(model)), seed),
  };
}

/**
 * The rounds after the first: a reward model from the rankings so far, PPO against it, and rankings of that policy's
 * answers (the paper, §3.1 and §3.4: comparisons were collected from models of several rounds).
 */
export async function roundStages(scope: Scope): Promise<Stage[]> {
  const { form, size, seed } = scope;
  const stages: Stage[] = [];
  for (const next of roundsOf(form).slice(1)) {
    const rounds = next - 1;
    const reward = names.roundReward(size.name, rounds, seed);
    const policy = names.roundPolicy(size.name, rounds, seed);
    stages.push(
      await rewardStage(scope, reward, names.init(size.name, seed), rounds),
      await runStage(scope, policy, sizeRun(form, size, "ppo"), { reward, rounds }),
      rankingsStage(scope, next),
    );
  }
  return stages;
}

const roundNames = (size: string, seed: number, rounds: number): string[] =>
  Array.from({ length: rounds }, (_, i) => names.rankings(size, seed, i + 1));

const rankingsIn = (work: Work, stages: readonly string[]): Rankings =>
  joined(stages.map((stage) => work.input(stage).data as unknown as Rankings));

/**
 * The reward model, from an initial model: the rankings are always those of the form's own one, in all rounds or the
 * first of them, and of the sizes that it serves.
 */
export async function rewardStage(
  scope: Scope,
  name: string = names.reward(scope.size.name, scope.seed),
  init: string = names.init(scope.size.name, scope.seed),
  rounds: number = roundsOf(scope.form).length,
): Promise<Stage> {
  const { form, size, seed, cost } = scope;
  const { validationRankings, answers, rewardEpochs, people } = form;
  const ranked = roundNames(size.name, seed, rounds);
  const served = servedBy(form, size).map(({ name: other }) => names.rankings(other, seed));
  const servedRankings = served.length === 0 ? undefined : form.servedRankings;
  const ofPeople = (people?.heldOut ?? []).reduce((n, one) => n + one.completions.length, 0);
  const judged = (rounds + served.length) * validationRankings * answers[1] + ofPeople + 200;
  const learned = learnedCount(form, served.length, rounds);
  return {
    name,
    settings: jsonOf({
      ...{ rewardEpochs, head: "all rankings", seed, servedRankings },
      ...peopleSettings(form),
    }),
    inputs: [init, ...ranked, ...served],
    flops: learned * rewardEpochs * (await cost.ranking(answers[1])) + judged * cost.judged,
    run: (work) => {
      const rankings = {
        own: rankingsIn(work, ranked),
        served: served.map((stage) => rankingsIn(work, [stage])),
      };
      return makeReward(work, form, configOf(size), values(work.input(init)), rankings, seed);
    },
  };
}

/** @param against the reward model of an earlier round and its rankings; the last one's by default */
export async function runStage(
  scope: Scope,
  name: string,
  run: Variation,
  against?: { readonly reward: string; readonly rounds: number },
): Promise<Stage> {
  const { form, size, seed, cost } = scope;
  const { initMix: mix } = run;
  const own = mix === undefined;
  const judge = judgeOf(form, size).name;
  const init = own ? names.init(size.name, seed) : names.initMix(size.name, mix, seed);
  const judged = own ? names.init(judge, seed) : init;
  const last = own ? names.reward(judge, seed) : names.rewardMix(size.name, mix, seed);
  const { reward, rounds } = against ?? { reward: last, rounds: roundsOf(form).length };
  const rankings = roundNames(judge, seed, rounds);
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
    inputs: [...new Set([init, judged, reward, ...rankings])],
    flops: await cost.run(run),
    run: (work) =>
      reinforce(work, form, size, run, {
        init: values(work.input(init)),
        judged: values(work.input(judged)),
        reward: work.input(reward),
        rankings: rankingsIn(work, rankings),
        seed,
      }),
  };
}
