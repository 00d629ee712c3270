// Reinforcement as a stage: PPO, PPO-ptx, and the other methods, from the PPO initial model and the reward model.
import { DEFAULTS } from "../config.ts";
import type { RunConfig } from "../config.ts";
import { ROLLOUT_STATS } from "../kernels/rollout-metrics.ts";
import { gptSpecs } from "../model/gpt.ts";
import type { GptConfig } from "../model/gpt.ts";
import { layOut, unflatten } from "../model/parameters.ts";
import type { Engine } from "../plan/engine.ts";
import type { Row } from "../rlhf/language-model.ts";
import { Pairs } from "../rlhf/session/pairs.ts";
import { Session } from "../rlhf/session/session.ts";
import type { SessionShape } from "../rlhf/session/state.ts";
import type { DataPrompt } from "../world/dataset/index.ts";
import { Rng } from "../world/index.ts";
import { corpusRows, promptTokens, worldData } from "./data.ts";
import { judgeOf, servedBy } from "./forms.ts";
import type { Form, Size, Variation } from "./forms.ts";
import { goldUtility } from "./judging.ts";
import { CONTEXT, configOf } from "./models.ts";
import { gainOf, meanOf } from "./reward.ts";
import type { RewardData } from "./reward.ts";
import type { Artefact, Json, Work } from "./stage.ts";
import { learnedRankings } from "./people.ts";
import type { Rankings } from "./rankings.ts";

/** One iteration as it is drawn: distance from the reference, both rewards, and the pre-training loss. */
export interface IterationPoint {
  readonly iteration: number;
  /** nats per answer */
  readonly kl: number;
  /** learned reward, normalised and limited */
  readonly learned: number;
  /** the gold labeler's utility by the guideline of training, and of evaluations */
  readonly gold: number;
  readonly goldEvaluation: number;
  readonly ptxLoss?: number;
}

export interface RunData {
  readonly points: readonly IterationPoint[];
  readonly finite: boolean;
}

/** Pre-training rows of a policy minibatch: a quarter of the answers' positions at the context's length. */
const PTX_ROWS = 4;

export const shapeOf = ({ columns }: Form): SessionShape => ({
  ...columns,
  ptxRows: PTX_ROWS,
  ptxLength: CONTEXT,
});

/** The settings of a run as the session wants them. */
export function runConfig(form: Form, size: Size, run: Variation, seed: number): RunConfig {
  return {
    ...DEFAULTS,
    seed,
    batch: form.batch,
    minibatches: form.minibatches,
    valueEpochs: form.valueEpochs,
    iterations: run.iterations,
    klCoefficient: run.klCoefficient,
    ptxCoefficient: run.ptxCoefficient,
    learningRate: size.policyRate * run.rateFactor,
    rewardLimit: run.rewardLimit,
    ptxDemonstrations: 0,
  };
}

/** What a run begins with. */
export interface Beginning {
  /** weights of the initial policy, and those that the reward model began from, which may be of another size */
  readonly init: Float32Array;
  readonly judged: Float32Array;
  readonly reward: Artefact;
  readonly rankings: Rankings;
  readonly seed: number;
}

const named = (config: GptConfig, flat: Float32Array) =>
  unflatten(layOut("init", gptSpecs(config), false), flat);

/**
 * The scale of a size's rewards. Where another size's reward model serves it, its own samples have mean 0 and
 * deviation 1: they are so far below demonstrations that the limit would make all of them equal.
 */
function scaleOf(form: Form, size: Size, reward: RewardData): { mean: number; gain: number } {
  const judge = judgeOf(form, size);
  if (judge === size) return reward;
  const scores = reward.served?.[servedBy(form, judge).indexOf(size)] ?? [];
  return { mean: meanOf(scores.flat()), gain: gainOf(scores.flat()) };
}

/** A session that stands before its first iteration. */
export async function begin(
  engine: Engine,
  form: Form,
  size: Size,
  run: Variation,
  from: Beginning,
): Promise<Session> {
  const config: GptConfig = configOf(size);
  const judge = judgeOf(form, size);
  const model = configOf(judge);
  const settings = runConfig(form, size, run, from.seed);
  const session = await Session.create(
    engine,
    config,
    settings,
    named(config, from.init),
    undefined,
    {
      shape: shapeOf(form),
      ...(judge === size ? {} : { judge: { model, weights: named(model, from.judged) } }),
    },
  );
  const full = await session.fullReward(2);
  const { trunk, head } = from.reward.tensors;
  if (trunk === undefined || head === undefined) throw new Error("reinforce: no reward model");
  engine.memory.write(full.trunk.values, trunk);
  const reward = from.reward.data as unknown as RewardData;
  const { bias } = reward;
  const { mean, gain } = scaleOf(form, size, reward);
  const fit = { weights: head, bias, loss: NaN, accuracy: NaN, comparisons: 0, scores: [] };
  // two scores with this mean and this deviation make the head's normalisation the reward model's own
  const spread = gain === 0 ? 0 : 1 / gain;
  session.reward.normalise(fit, [mean - spread, mean + spread]);
  await session.judgeBy("full");
  if (run.method === "dpo") {
    await session.prefer(new Pairs(learnedRankings(form, from.rankings), false, from.seed));
  }
  await session.begin({ method: run.method, emaDecay: form.emaDecay }, { fit, mean, gain });
  return session;
}

/** Runs one method. Tensors: `values`, the moving average of the policy. Data: RunData. */
export async function reinforce(
  work: Work,
  form: Form,
  size: Size,
  run: Variation,
  from: Beginning,
): Promise<Artefact> {
  const session = await begin(work.engine, form, size, run, from);
  const sampler = await session.generator("policy");
  const { reinforced } = worldData(form);
  const rng = new Rng(5000 + from.seed);
  const corpus = corpusRows(7000 + from.seed, CONTEXT + 1);
  const rows = (): Row[] => Array.from({ length: PTX_ROWS }, () => corpus.next().value);
  const points: IterationPoint[] = [];
  let finite = true;
  for (let iteration = 0; iteration < run.iterations; iteration++) {
    const prompts = Array.from({ length: session.run.promptsPerStep }, () => rng.pick(reinforced));
    const report = await session.run.step(prompts.map(promptTokens), rows);
    const answers = await sampler.answers();
    const each = form.batch / prompts.length;
    const asked = prompts.flatMap((one) => Array.from({ length: each }, () => one));
    const point = measured(iteration, report.rollout, asked, answers);
    points.push(report.ptxLoss === undefined ? point : { ...point, ptxLoss: report.ptxLoss });
    finite = report.skipped === 0;
    if (!finite) break;
    const note = `gold ${point.gold.toFixed(2)} learned ${point.learned.toFixed(2)} KL ${point.kl.toFixed(2)}`;
    await work.progress((iteration + 1) / run.iterations, note);
  }
  const [values] = await work.engine.memory.read([session.state.average.values]);
  const data: RunData = { points, finite };
  return { data: data as unknown as Json, tensors: { values: values as Float32Array } };
}

function measured(
  iteration: number,
  rollout: Float32Array,
  prompts: readonly DataPrompt[],
  answers: readonly { readonly tokens: readonly number[] }[],
): IterationPoint {
  const average = (guideline: "training" | "evaluation"): number =>
    prompts.reduce(
      (sum, prompt, i) => sum + goldUtility(prompt, answers[i]?.tokens ?? [], guideline),
      0,
    ) / prompts.length;
  return {
    iteration,
    kl: rollout[ROLLOUT_STATS.kl] ?? NaN,
    learned: rollout[ROLLOUT_STATS.scores] ?? NaN,
    gold: average("training"),
    goldEvaluation: average("evaluation"),
  };
}
