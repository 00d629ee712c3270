// What a trainer keeps true while its parts change: the reward after a demonstration, a refused run, skipped updates.
import { expect, test } from "vitest";
import type { CompiledPlan, Engine } from "../../src/plan/engine.ts";
import type { Session } from "../../src/rlhf/session/session.ts";
import { readSafetensors, toFloat32 } from "../../src/storage/safetensors.ts";
import type { Ranking, Sample } from "../../src/workers/protocol.ts";
import type { Trainer } from "../../src/workers/trainer.ts";
import { writeWeights } from "../../src/workers/weights.ts";
import { openTrainer, prompts, rankings } from "../rlhf/support.ts";

const cheer = ({ text }: Sample): number => text.split("!").length;
/** What stands behind a trainer's interface. */
const sessionOf = (trainer: Trainer): Session =>
  (trainer as unknown as { session: Session }).session;
const answersOf = (ranked: readonly Ranking[]) =>
  ranked.flatMap(({ prompt, completions }) =>
    completions.map((tokens) => ({ prompt, tokens: [...tokens] })),
  );

async function headOf(trainer: Trainer): Promise<number[]> {
  const { "score.weight": weights } = await sessionOf(trainer).weights("reward-head");
  return Array.from(weights ?? []);
}

test("after a demonstration the reward is fitted to the model that learned it, and only then there is one", async () => {
  const { trainer } = await openTrainer();
  const judged = await rankings(trainer, 6, 4, cheer);
  await trainer.fitReward(judged, { stage: "fast" });
  const before = await trainer.score(answersOf(judged));
  const shipped = await trainer.exportModel("sft");
  const shown = { prompt: "Tell me about the fox.", response: "The fox is very happy!" };
  const loss = await trainer.demonstrate([shown]);
  expect(loss.lossAfter).toBeLessThan(loss.lossBefore);
  await expect(trainer.score(answersOf(judged))).rejects.toThrow("no reward model yet");
  await trainer.fitReward(judged, { stage: "fast" });
  const after = await trainer.score(answersOf(judged));
  // computing every feature again changes nothing: none of the model before it was left
  const taught = await trainer.exportModel("sft");
  expect(Buffer.compare(Buffer.from(taught), Buffer.from(shipped))).not.toBe(0);
  const session = sessionOf(trainer);
  session.reward.forget();
  await trainer.fitReward(judged, { stage: "fast" });
  expect(await trainer.score(answersOf(judged))).toEqual(after);
  expect(after).not.toEqual(before);
});

test("a run that is refused leaves the reward and the run as they were", async () => {
  const { trainer, metric } = await openTrainer({ iterations: 4 });
  await trainer.fitReward(await rankings(trainer, 4, 4, cheer), { stage: "fast" });
  await trainer.play(1);
  const saved = await trainer.snapshot();
  const { tensors } = readSafetensors(new Uint8Array(saved as ArrayBuffer), { name: "saved" });
  const arrays = Object.fromEntries([...tensors].map(([name, one]) => [name, toFloat32(one)]));
  const options = JSON.stringify(sessionOf(trainer).run.options);
  const marked = writeWeights(arrays, { iteration: "1", options, reward: "full" });
  await expect(trainer.restore(marked.buffer)).rejects.toThrow(/reward-trunk.values has 0 numbers/);
  expect(sessionOf(trainer).stage).toBe("fast");
  await trainer.play(1);
  const went = metric("objective/scores").at(-1);
  await trainer.restore(saved as ArrayBuffer);
  await trainer.play(1);
  expect(metric("objective/scores").at(-1)).toBe(went);
});

test("asking which rankings did it leaves the head that rewards, also that of a run that came back", async () => {
  const { trainer } = await openTrainer();
  const judged = await rankings(trainer, 4, 4, cheer);
  await trainer.fitReward(judged, { stage: "fast" });
  await trainer.play(1);
  const saved = (await trainer.snapshot()) as ArrayBuffer;
  const [before] = await trainer.sample(prompts(9, 1), 3, 5, "sft");
  const [after] = await trainer.sample(prompts(9, 1), 3, 6, "sft");
  const head = await headOf(trainer);
  expect(Math.hypot(...head)).toBeGreaterThan(0);
  await trainer.influence(judged, before ?? [], after ?? []);
  expect(await headOf(trainer)).toEqual(head);
  await trainer.restore(saved);
  await trainer.influence(judged, before ?? [], after ?? []);
  expect(await headOf(trainer)).toEqual(head);
});

test("rankings turned round have the opposite influence", async () => {
  const { trainer } = await openTrainer();
  const judged = await rankings(trainer, 4, 4, cheer);
  const [before = []] = await trainer.sample(prompts(9, 1), 3, 5, "sft");
  const [after = []] = await trainer.sample(prompts(9, 1), 3, 6, "sft");
  const found: number[][] = [];
  for (const flip of [false, true]) {
    await trainer.fitReward(judged, { stage: "fast", flip });
    found.push(await trainer.influence(judged, before, after));
  }
  const [plain = [], turned = []] = found;
  expect(Math.max(...plain.map(Math.abs))).toBeGreaterThan(0.01);
  plain.forEach((one, i) => expect(turned[i]).toBeCloseTo(-one, 3));
});

test("all of more rankings than there was room for are learned from, each with its scores", async () => {
  const { trainer } = await openTrainer();
  const some = await rankings(trainer, 10, 3, cheer);
  const many = Array.from({ length: 70 }, (_, i) => some[i % 10] as Ranking);
  const report = await trainer.fitReward(many, { stage: "fast" });
  expect(report.rankings).toBe(70);
  expect(report.scores).toHaveLength(70);
  expect(report.scores.every((row) => row.length === 3 && row.every(Number.isFinite))).toBe(true);
  // the same ranking has the same scores wherever it stands
  expect(report.scores[69]).toEqual(report.scores[9]);
  expect(report.comparisons % 7).toBe(0);
});

/** Puts NaN into the advantages of the first policy minibatch of every iteration. */
function spoil(trainer: Trainer): void {
  const session = sessionOf(trainer);
  const engine: Engine = session.engine;
  const { advantages } = session.state.data;
  const run = engine.run.bind(engine);
  engine.run = (...plans: CompiledPlan[]) => {
    run(...plans);
    if (plans.some(({ label }) => label.includes("experience"))) {
      engine.memory.write(advantages, [NaN, NaN, NaN]);
    }
  };
}

test("an update that is skipped in the middle of an iteration stops the run and is told", async () => {
  const { trainer, events } = await openTrainer({ iterations: 12, minibatches: 2 });
  await trainer.fitReward(await rankings(trainer, 4, 4, cheer), { stage: "fast" });
  spoil(trainer);
  const went = await trainer.play(12);
  expect(went).toBeLessThan(12);
  const failed = events.filter((event) => event.type === "failed");
  // the iteration that was under way already tells its own
  expect(failed.length).toBeGreaterThanOrEqual(1);
  expect(failed.length).toBeLessThanOrEqual(2);
  expect(failed[0]?.error.sentence).toMatch(/a gradient was not finite.*one update was skipped/);
  const checks = events.filter((event) => event.type === "checks").at(-1);
  expect(checks?.checks.finite).toBe(false);
  const { policy } = sessionOf(trainer).state.models;
  const [values] = await sessionOf(trainer).engine.memory.read([policy.values]);
  expect((values as Float32Array).every(Number.isFinite)).toBe(true);
});
