// One reward model for policies of other sizes (InstructGPT C.2): it scores them, and their value model begins as it.
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { DEFAULTS } from "../../src/config.ts";
import { CpuEngine } from "../../src/cpu/engine.ts";
import { ROLLOUT_STATS } from "../../src/kernels/rollout-metrics.ts";
import { gpt2, gptSpecs } from "../../src/model/gpt.ts";
import { initialValues } from "../../src/model/init.ts";
import { layOut, parameter, unflatten } from "../../src/model/parameters.ts";
import { Session } from "../../src/rlhf/session/session.ts";
import type { SessionOptions } from "../../src/rlhf/session/session.ts";
import { readCheckpoint } from "../../src/workers/weights.ts";
import { buildTokenizer, livePrompts } from "../../src/world/index.ts";
import { sameBytes } from "./support.ts";

const FILE = "models/sft.safetensors";
const { card, weights } = readCheckpoint(readFileSync(`public/${FILE}`), FILE);
const small = gpt2(buildTokenizer().vocabulary.length, 16, 1, 2, card.config.context);
const config = { ...DEFAULTS, batch: 16, iterations: 4 };
const prompts = livePrompts(3, 16).map(({ prompt }) => buildTokenizer().encode(prompt));

async function open(model: typeof small, options: SessionOptions): Promise<Session> {
  const engine = await CpuEngine.create();
  const layout = layOut("random", gptSpecs(model), false);
  const own = model === small ? unflatten(layout, initialValues(layout, 5)) : weights;
  return Session.create(engine, model, config, own, undefined, options);
}

const judge = { model: card.config, weights };
let policy: Session;
let large: Session;
beforeAll(async () => {
  policy = await open(small, { judge });
  large = await open(card.config, {});
});

/** A head that reads a little of everything. */
const headOf = (session: Session) => {
  const [count = 0] = parameter(session.reward.head, "score.weight").shape;
  return { weights: Float32Array.from({ length: count }, (_, i) => 0.02 * Math.sin(i)), bias: 0.1 };
};

test("scores of the small policy's answers are those that the reward model gives elsewhere", async () => {
  const fit = { ...headOf(policy), loss: NaN, accuracy: NaN, comparisons: 0, scores: [] };
  expect(fit.weights.length).toBe(headOf(large).weights.length);
  policy.reward.normalise(fit, [-1, 1]);
  await policy.begin({}, { fit, mean: 0, gain: 1 });
  const report = await policy.run.step(prompts, () => []);
  expect(report.rollout[ROLLOUT_STATS.kl]).toBeCloseTo(0, 6);
  const [scores] = await policy.engine.memory.read([policy.state.data.scores]);
  const answers = await (await policy.generator("policy")).answers();
  const items = answers.map(({ tokens }, i) => ({ prompt: prompts[i]!, tokens }));
  const features = await large.reward.features(items);
  const limit = DEFAULTS.rewardLimit;
  const expected = features.map((row) => {
    const raw = row.reduce((sum, x, i) => sum + x * (fit.weights[i] ?? 0), fit.bias);
    return Math.min(limit, Math.max(-limit, raw));
  });
  expect(new Set(expected).size).toBeGreaterThan(2);
  expected.forEach((score, i) => {
    expect(scores?.[i]).toBeCloseTo(score, 3);
  });
});

test("the value model has the reward model's size and learns, and the reward model stays as it is", async () => {
  const { models } = policy.state;
  expect(parameter(models.value, "score.weight").shape).toEqual([card.config.width]);
  expect(parameter(models.policy, "wte.weight").shape[1]).toBe(small.width);
  const values = () => policy.engine.memory.read([models.value.values, models.judge.reference.values, models.policy.values]); // prettier-ignore
  const before = (await values()).map((array) => array.slice());
  for (let i = 0; i < 3; i++) expect((await policy.run.step(prompts, () => [])).skipped).toBe(0);
  const after = await values();
  expect(after.map((array, i) => sameBytes(array, before[i]))).toEqual([false, true, false]);
});

test("a session without one judges with a model of the policy's own size", async () => {
  const alone = await open(small, {});
  expect(alone.state.models.judge.reference).toBe(alone.state.models.reference);
  expect(parameter(alone.state.models.value, "score.weight").shape).toEqual([small.width]);
});
