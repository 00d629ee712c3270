// The full stage of the reward model: what it learns, when it is adopted, and that PPO is rewarded by it.
import { beforeAll, expect, test } from "vitest";
import { DEFAULTS } from "../../src/config.ts";
import type { Ranking } from "../../src/workers/protocol.ts";
import { openTrainer, rankings, sameBytes } from "./support.ts";
import type { Opened } from "./support.ts";

let opened: Opened;
let judged: Ranking[];

beforeAll(async () => {
  opened = await openTrainer();
  judged = await rankings(opened.trainer, 4, 4, ({ tokens }) => -tokens.length);
});

test("the full stage reports both accuracies and is adopted only if it holds out as well", async () => {
  const { trainer, events } = opened;
  const fast = await trainer.fitReward(judged, { stage: "fast" });
  expect([fast.stage, fast.full]).toEqual(["fast", undefined]);
  const report = await trainer.fitReward(judged, { stage: "full" });
  const { full } = report;
  expect(full?.fastHeldOutAccuracy).toBe(fast.heldOutAccuracy);
  expect(full?.adopted).toBe((full?.heldOutAccuracy ?? NaN) >= (fast.heldOutAccuracy ?? NaN));
  expect(report.stage).toBe(full?.adopted === true ? "full" : "fast");
  expect(full?.milliseconds).toBeGreaterThan(0);
  expect(report.scores.map((row) => row.length)).toEqual([4, 4, 4, 4]);
  expect(report.scores.flat().every(Number.isFinite)).toBe(true);
  const steps = events.flatMap((event) =>
    event.type === "progress" && event.phase === "reward" ? [event] : [],
  );
  expect(steps.length).toBeGreaterThan(4);
  expect(steps.at(-1)?.done).toBe(steps.at(-1)?.total);
});

test("one ranking cannot be held out, so the fast head stays", async () => {
  const report = await opened.trainer.fitReward(judged.slice(0, 1), { stage: "full" });
  expect(report.stage).toBe("fast");
  expect(report.full?.adopted).toBe(false);
  expect(report.full?.heldOutAccuracy).toBeUndefined();
});

test("PPO is rewarded by the fine-tuned trunk, and the value model starts from it", async () => {
  const session = opened.trainer["session"];
  const { reward } = session;
  const known = judged.map((ranking) => opened.trainer["encoder"].ranking(ranking));
  const full = await session.fullReward(4);
  const [before] = await session.engine.memory.read([session.state.models.reference.values]);
  const start = await reward.fit(known);
  const fit = await full.fit(known, start, { flip: false, seed: 1 });
  expect(fit.loss).toBeLessThan(start.loss);
  expect(fit.accuracy).toBeGreaterThanOrEqual(start.accuracy);
  const { reference, value } = session.state.models;
  const [after, trunk] = await session.engine.memory.read([reference.values, full.trunk.values]);
  expect(sameBytes(after, before)).toBe(true);
  expect(sameBytes(trunk, before)).toBe(false);
  const { mean, gain } = reward.normalise(fit, fit.scores.flat());
  await session.judgeBy("full");
  await session.begin({}, { fit, gain, mean });
  const [initial] = await session.engine.memory.read([value.values]);
  expect(sameBytes(initial?.slice(0, trunk?.length), trunk)).toBe(true);

  const prompts = Array.from({ length: 16 }, (_, i) => known[i % 4]!.prompt);
  await session.run.step(prompts, () => []);
  const answers = await (await session.generator("policy")).answers();
  const items = answers.map(({ tokens }, i) => ({ prompt: prompts[i]!, tokens }));
  const features = await full.features(items);
  const limit = DEFAULTS.rewardLimit;
  const expected = features.map((row) => {
    const raw = row.reduce((sum, x, i) => sum + x * (fit.weights[i] ?? 0), fit.bias);
    return Math.min(limit, Math.max(-limit, (raw - mean) * gain));
  });
  const [scores] = await session.engine.memory.read([session.state.data.scores]);
  expected.forEach((score, i) => {
    expect(scores?.[i]).toBeCloseTo(score, 3);
  });
});
