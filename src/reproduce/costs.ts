// What stages will cost, counted from their plans on an engine that runs nothing.
import { gptSpecs } from "../model/gpt.ts";
import { layOut } from "../model/parameters.ts";
import { DryEngine } from "../plan/dry-engine.ts";
import type { Engine } from "../plan/engine.ts";
import { size as elements } from "../plan/tensor.ts";
import { rewardHeadSpecs } from "../rlhf/scoring.ts";
import { LmTrainer } from "../rlhf/session/lm-trainer.ts";
import { counting } from "./counting.ts";
import { judgeOf } from "./forms.ts";
import type { Form, Size, Variation } from "./forms.ts";
import { CONTEXT, ROWS, Scorer, configOf, openSampler } from "./models.ts";
import { begin } from "./reinforce.ts";
import { fitReward } from "./reward.ts";
import type { Work } from "./stage.ts";
import { POSITIONS } from "./training.ts";

const LENGTH = 48;

async function counted(
  action: (engine: Engine, mark: () => void) => Promise<void>,
): Promise<number> {
  const { counted: engine, flops } = counting(new DryEngine());
  let before = 0;
  await action(engine, () => (before = flops()));
  return flops() - before;
}

/** A stage's view of an engine that runs nothing. */
const dryWork = (engine: Engine): Work => ({
  engine,
  input: () => ({ data: null, tensors: {} }),
  progress: () => Promise.resolve(),
  kept: () => undefined,
  keep: () => undefined,
});

/** Operations of the units that stages are made of, for one size. */
export interface UnitCosts {
  /** one update, and one loss, of POSITIONS positions of next-token training */
  readonly update: number;
  readonly loss: number;
  /** one sampled answer, of evaluations, of short evaluations and of rankings */
  readonly answer: number;
  readonly shortAnswer: number;
  readonly rankedAnswer: number;
  /** one scored completion */
  readonly scored: number;
  /** one ranking of K answers in one epoch of the reward model, and one answer that it scores */
  readonly ranking: (K: number) => Promise<number>;
  readonly judged: number;
  /** one run of reinforcement */
  readonly run: (variation: Variation) => Promise<number>;
}

/** Counts the units of a size. */
export async function unitCosts(form: Form, size: Size): Promise<UnitCosts> {
  const config = configOf(size);
  const parameters = layOut("counted", gptSpecs(config), true);
  const flat = new Float32Array(elements(parameters.values.shape));
  const trainer = (engine: Engine) => new LmTrainer(engine, config, parameters, POSITIONS);
  const row = { tokens: [1, 2, 3], countFrom: 1 };
  const update = await counted(async (engine, mark) => {
    const one = trainer(engine);
    await one.prepare(LENGTH);
    mark();
    one.step({ rows: [row], T: LENGTH }, 1, { learningRate: 1 });
  });
  const loss = await counted(async (engine, mark) => {
    const one = trainer(engine);
    await one.prepare(LENGTH);
    mark();
    await one.evaluate([{ rows: [row], T: LENGTH }]);
  });
  const sampled = async (columns?: { P: number; G: number }): Promise<number> =>
    (await counted(async (engine) => {
      const sampler = await openSampler(engine, config, flat, columns);
      await sampler.sample([[1]], 1);
    })) / ROWS;
  const scored = await counted(async (engine) => {
    const scorer = await Scorer.create(engine, config, flat);
    await scorer.sums([{ prompt: [1], tokens: [1] }]);
  });
  const ranking = async (K: number): Promise<number> =>
    (await counted((engine) => fitDry(engine, form, size, flat, K))) / FITTED;
  return {
    update,
    loss,
    answer: await sampled(),
    shortAnswer: await sampled({ P: CONTEXT - 16, G: 16 }),
    rankedAnswer: await sampled({ ...form.columns }),
    scored: scored / ROWS,
    ranking,
    judged: (2 * CONTEXT * loss) / POSITIONS,
    run: (variation) => runCost(form, size, flat, variation),
  };
}

const FITTED = 32;

async function fitDry(
  engine: Engine,
  form: Form,
  size: Size,
  flat: Float32Array,
  K: number,
): Promise<void> {
  const completions = Array.from({ length: K }, (_, k) => [k + 6]);
  const one = { completions, ranks: completions.map((_, k) => k + 1) };
  const rankings = Array.from({ length: FITTED }, (_, n) => ({ ...one, prompt: [n + 6] }));
  const settings = { epochs: 1, elements: 4, seed: 1 };
  await fitReward(dryWork(engine), form, configOf(size), flat, rankings, settings);
}

async function runCost(
  form: Form,
  size: Size,
  init: Float32Array,
  variation: Variation,
): Promise<number> {
  const engine = new DryEngine();
  const config = configOf(judgeOf(form, size));
  const head = layOut("head", rewardHeadSpecs(config), false);
  const judged = new Float32Array(elements(layOut("judged", gptSpecs(config), false).values.shape));
  const weights = new Float32Array(
    elements((head.tensors.get("score.weight") ?? head.values).shape),
  );
  const data = { bias: 0, mean: 0, gain: 1, trainingAccuracy: 0, comparisons: 0, validation: [] };
  const reward = { data, tensors: { trunk: judged, head: weights } };
  const one = { ranks: [1, 2], answers: [[6], [7]], labeler: "", prompt: "" };
  const rankings = { training: [{ ...one, prompt: "rm-train-1" }], validation: [] };
  const from = { init, judged, reward, rankings, seed: 1 };
  const session = await begin(engine, form, size, variation, from);
  let total = 0;
  for (let i = 0; i < variation.iterations; i++) total += session.run.flops(i);
  return total;
}
