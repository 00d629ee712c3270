// The reward model as a stage: rankings, the fit, normalisation to demonstrations, and scoring with a finished one.
import type { GptConfig } from "../model/gpt.ts";
import type { Parameters } from "../model/parameters.ts";
import type { Engine } from "../plan/engine.ts";
import { sequences } from "../rlhf/sequences.ts";
import type { Answered } from "../rlhf/sequences.ts";
import { FullReward } from "../rlhf/session/full-reward.ts";
import type { FullSchedule } from "../rlhf/session/full-reward.ts";
import { RewardTrainer, scoreOf } from "../rlhf/session/reward-trainer.ts";
import type { HeadFit, TokenRanking } from "../rlhf/session/reward-trainer.ts";
import { worldData } from "./data.ts";
import type { Form } from "./forms.ts";
import { ANSWER_COLUMNS, PROMPT_COLUMNS, evaluationKnobs, placed } from "./models.ts";
import type { Artefact, Json, Work } from "./stage.ts";
import { learnedRankings } from "./people.ts";
import { tokenRankings } from "./rankings.ts";
import type { Rankings } from "./rankings.ts";

/** The pieces of a reward model on an engine. */
async function open(
  engine: Engine,
  config: GptConfig,
  init: Float32Array,
  columns: { readonly P: number; readonly G: number },
  { K, schedule, rankings }: { K: number; schedule: FullSchedule; rankings: number },
): Promise<{ fast: RewardTrainer; full: FullReward; reference: Parameters }> {
  const reference = placed(engine, config, init, "reference");
  const fast = new RewardTrainer(
    engine,
    config,
    sequences("judged", { B: 32, ...columns }),
    undefined,
    rankings,
  );
  await fast.prepare(config, reference, evaluationKnobs(engine));
  const full = new FullReward(engine, config, reference, fast, schedule);
  await full.prepare(K, columns);
  return { fast, full, reference };
}

export interface FitSettings {
  readonly epochs: number;
  readonly elements: number;
  readonly seed: number;
  /** what the head alone is fitted to first; the rankings themselves by default */
  readonly head?: readonly TokenRanking[];
}

/** A fitted reward model that can score: raw scores, before normalisation. */
export interface Fitted {
  readonly fit: HeadFit;
  readonly trunk: Float32Array;
  scores(rankings: readonly TokenRanking[]): Promise<number[][]>;
}

/** Fits head and trunk to rankings, from the PPO initial model. */
export async function fitReward(
  work: Work,
  form: Form,
  config: GptConfig,
  init: Float32Array,
  rankings: readonly TokenRanking[],
  { epochs, elements, seed, head = rankings }: FitSettings,
): Promise<Fitted> {
  const K = Math.max(2, ...rankings.map(({ completions }) => completions.length));
  const { engine } = work;
  const parts = await open(engine, config, init, form.columns, {
    K,
    schedule: { epochs, elements },
    rankings: head.length,
  });
  const start = await parts.fast.fit(head);
  let told = Promise.resolve();
  const onProgress = (done: number, total: number): void => {
    if (done % 10 === 0) told = told.then(() => work.progress(done / total));
  };
  const fit = await parts.full.fit(rankings, start, { flip: false, seed, onProgress });
  await told;
  const [trunk] = await engine.memory.read([parts.full.trunk.values]);
  return {
    fit,
    trunk: Float32Array.from(trunk as Float32Array),
    scores: (list) => parts.full.scores(list, fit),
  };
}

export const meanOf = (scores: readonly number[]): number =>
  scores.reduce((sum, one) => sum + one, 0) / Math.max(1, scores.length);

/** 1 / standard deviation of scores, or 0 where they do not differ. */
export function gainOf(scores: readonly number[]): number {
  const centre = meanOf(scores);
  const variance = meanOf(scores.map((one) => (one - centre) ** 2));
  return variance > 1e-12 ? 1 / Math.sqrt(variance) : 0;
}

/** What the stage of the reward model leaves besides its tensors `trunk`, `head`. */
export interface RewardData {
  readonly bias: number;
  /** raw score that becomes 0: the mean over demonstrations */
  readonly mean: number;
  /** 1 / standard deviation over samples */
  readonly gain: number;
  readonly trainingAccuracy: number;
  readonly comparisons: number;
  /** raw scores of the validation rankings */
  readonly validation: readonly (readonly number[])[];
  /** and of the validation rankings of each other size that it serves, in the form's order */
  readonly served?: readonly (readonly (readonly number[])[])[];
  /** and of people's that are held out, where there are any */
  readonly people?: readonly (readonly number[])[];
}

/** Trains the reward model and normalises it: demonstrations score 0 on average (C.2), samples have deviation 1. */
export async function makeReward(
  work: Work,
  form: Form,
  config: GptConfig,
  init: Float32Array,
  { own, served }: { own: Rankings; served: readonly Rankings[] },
  seed: number,
): Promise<Artefact> {
  const training = learnedRankings(form, own, served);
  const settings = { epochs: form.rewardEpochs, elements: 4, seed: seed + 9 };
  const fitted = await fitReward(work, form, config, init, training, settings);
  const validation = await fitted.scores(tokenRankings(form, own.validation));
  const others: number[][][] = [];
  for (const one of served) others.push(await fitted.scores(tokenRankings(form, one.validation)));
  const { people } = form;
  const byPeople = people === undefined ? {} : { people: await fitted.scores(people.heldOut) };
  const demonstrations = await fitted.scores(demonstrated(form));
  const data: RewardData = {
    bias: fitted.fit.bias,
    mean: meanOf(demonstrations.flat()),
    gain: gainOf(validation.flat()),
    trainingAccuracy: fitted.fit.accuracy,
    comparisons: fitted.fit.comparisons,
    validation,
    ...(others.length === 0 ? {} : { served: others }),
    ...byPeople,
  };
  const tensors = { trunk: fitted.trunk, head: Float32Array.from(fitted.fit.weights) };
  return { data: data as unknown as Json, tensors };
}

/** Demonstrations that fit the reward model's columns, each as a ranking of one. */
function demonstrated({ columns, ...form }: Form): TokenRanking[] {
  const fitting = worldData({ ...form, columns }).demonstrations.flatMap(
    ({ tokens, countFrom }) => {
      const all = Array.from(tokens);
      const [prompt, answer] = [all.slice(0, countFrom), all.slice(countFrom)];
      if (prompt.length > columns.P || answer.length > columns.G) return [];
      return [{ prompt, completions: [answer], ranks: [1] }];
    },
  );
  return fitting.slice(0, 200);
}

/** A finished reward model that scores answers to prompts of any length of the evaluations. */
export async function openJudge(
  engine: Engine,
  config: GptConfig,
  init: Float32Array,
  reward: Artefact,
): Promise<(items: readonly Answered[]) => Promise<number[]>> {
  const columns = { P: PROMPT_COLUMNS, G: ANSWER_COLUMNS };
  const schedule = { epochs: 1, elements: 4 };
  const { full } = await open(engine, config, init, columns, { K: 8, schedule, rankings: 1 });
  const { bias, mean, gain } = reward.data as unknown as RewardData;
  const { trunk, head: weights } = reward.tensors;
  if (trunk === undefined || weights === undefined) throw new Error("reward model: no weights");
  engine.memory.write(full.trunk.values, trunk);
  return async (items) => {
    const features = await full.features(items);
    return features.map((one) => gain * (scoreOf({ weights, bias }, one) - mean));
  };
}
