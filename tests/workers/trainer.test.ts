// What a trainer keeps true while its parts change: the reward after a demonstration, a refused run, skipped updates.
import { expect, test } from "vitest";
import type { CompiledPlan, Engine } from "../../src/plan/engine.ts";
import type { Session } from "../../src/rlhf/session/session.ts";
import { readSafetensors, toFloat32 } from "../../src/storage/safetensors.ts";
import type { Ranking, Sample } from "../../src/workers/protocol.ts";
import type { Trainer } from "../../src/workers/trainer.ts";
import { readCheckpoint, writeWeights } from "../../src/workers/weights.ts";
import { openTrainer, prompts, rankings } from "../rlhf/support.ts";

const cheer = ({ text }: Sample): number => text.split("!").length;
/** What stands behind a trainer's interface. */
const sessionOf = (trainer: Trainer): Session =>
  (trainer as unknown as { session: Session }).session;
const answersOf = (ranked: readonly Ranking[]) =>
  ranked.flatMap(({ prompt, completions }) =>
    completions.map((tokens) => ({ prompt, tokens: [...tokens] })),
  );

const LESSON = { prompt: "Tell me about the fox.", response: "The fox is very happy!" };

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
  const loss = await trainer.demonstrate([LESSON]);
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

test("a run of a model that learned an example goes on elsewhere with that model, and a run of the shipped one with that", async () => {
  const here = await openTrainer();
  const sft = async ({ trainer }: typeof here): Promise<Buffer> =>
    Buffer.from(await trainer.exportModel("sft"));
  const shipped = await sft(here);
  await here.trainer.fitReward(await rankings(here.trainer, 4, 4, cheer), { stage: "fast" });
  await here.trainer.play(1);
  const plain = (await here.trainer.snapshot()) as ArrayBuffer;
  await here.trainer.demonstrate([LESSON]);
  await here.trainer.fitReward(await rankings(here.trainer, 4, 4, cheer), { stage: "fast" });
  await here.trainer.play(1);
  const taught = (await here.trainer.snapshot()) as ArrayBuffer;
  await here.trainer.play(1);
  const elsewhere = await openTrainer();
  await elsewhere.trainer.restore(taught);
  await elsewhere.trainer.play(1);
  for (const name of ["objective/kl", "objective/scores"] as const) {
    expect(elsewhere.metric(name).at(-1)).toBe(here.metric(name).at(-1));
  }
  expect(Buffer.compare(await sft(elsewhere), await sft(here))).toBe(0);
  expect(Buffer.compare(await sft(here), shipped)).not.toBe(0);
  // its checks are those of its own beginning
  const checks = elsewhere.events.filter((event) => event.type === "checks").at(-1);
  expect(Math.abs(checks?.checks.initialKl ?? NaN)).toBeLessThan(1e-3);
  await elsewhere.trainer.restore(plain);
  expect(Buffer.compare(await sft(elsewhere), shipped)).toBe(0);
  const [score = NaN] = await elsewhere.trainer.score([
    { prompt: LESSON.prompt, tokens: [5, 6, 7, 1] },
  ]);
  expect(Number.isFinite(score)).toBe(true);
});

test("an example that is too long and a saved run without its step are refused, and the run stays", async () => {
  const { trainer } = await openTrainer();
  await trainer.fitReward(await rankings(trainer, 4, 4, cheer), { stage: "fast" });
  await trainer.play(1);
  const saved = (await trainer.snapshot()) as ArrayBuffer;
  const response = Array.from({ length: 60 }, () => "fox").join(" ");
  await expect(
    trainer.demonstrate([{ prompt: "Tell me about the fox.", response }]),
  ).rejects.toThrow(
    /^Your answer has 60 words and signs, and behind this question the model copies at most \d+; make it shorter\.$/,
  );
  const { tensors } = readSafetensors(new Uint8Array(saved), { name: "saved" });
  const arrays = Object.fromEntries([...tensors].map(([name, one]) => [name, toFloat32(one)]));
  for (const metadata of [{}, { iteration: "one" }, { iteration: "0" }]) {
    await expect(trainer.restore(writeWeights(arrays, metadata).buffer)).rejects.toThrow(
      /^The saved run: its iteration is .*, expected a whole number from 1 on; the run was not loaded\.$/,
    );
  }
  expect(
    Buffer.compare(Buffer.from((await trainer.snapshot()) as ArrayBuffer), Buffer.from(saved)),
  ).toBe(0);
});

test("what is exported is read again: names, shapes and card, and the reward with its trunk", async () => {
  const { trainer } = await openTrainer();
  await trainer.fitReward(await rankings(trainer, 4, 4, cheer), { stage: "fast" });
  await trainer.play(1);
  for (const which of ["sft", "policy", "reward"] as const) {
    const bytes = new Uint8Array(await trainer.exportModel(which));
    const { tensors } = readSafetensors(bytes, { name: which });
    const { config, steps } = readCheckpoint(bytes, which).card;
    expect(tensors.get("wte.weight")?.shape).toEqual([config.vocabulary, config.width]);
    expect(tensors.get("h.0.attn.c_attn.weight")?.shape).toEqual([config.width, 3 * config.width]);
    expect(tensors.has("score.weight")).toBe(which === "reward");
    if (which !== "sft") expect(steps).toBe(1);
  }
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
  await trainer.influence(judged, before ?? [], after ?? [], false);
  expect(await headOf(trainer)).toEqual(head);
  await trainer.restore(saved);
  await trainer.influence(judged, before ?? [], after ?? [], false);
  expect(await headOf(trainer)).toEqual(head);
});

test("rankings turned round have the opposite influence", async () => {
  const { trainer } = await openTrainer();
  const judged = await rankings(trainer, 4, 4, cheer);
  const [before = []] = await trainer.sample(prompts(9, 1), 3, 5, "sft");
  const [after = []] = await trainer.sample(prompts(9, 1), 3, 6, "sft");
  const found: number[][] = [];
  // whatever was fitted last: the run may have learned from them the other way round
  for (const flip of [false, true]) {
    await trainer.fitReward(judged, { stage: "fast", flip: !flip });
    found.push(await trainer.influence(judged, before, after, flip));
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
  const { done, halted } = await trainer.play(12);
  expect(done).toBeLessThan(12);
  expect(halted).toBe("non-finite");
  expect(await trainer.play(1)).toEqual({ done: 1, halted: "non-finite" });
  const failed = events.filter((event) => event.type === "failed");
  // the iteration that was under way already tells its own, and so does the one that was asked for alone
  expect(failed.length).toBeGreaterThanOrEqual(2);
  expect(failed.length).toBeLessThanOrEqual(3);
  expect(failed[0]?.error.sentence).toMatch(/a gradient was not finite.*one update was skipped/);
  const checks = events.filter((event) => event.type === "checks").at(-1);
  expect(checks?.checks.finite).toBe(false);
  const { policy } = sessionOf(trainer).state.models;
  const [values] = await sessionOf(trainer).engine.memory.read([policy.values]);
  expect((values as Float32Array).every(Number.isFinite)).toBe(true);
});
