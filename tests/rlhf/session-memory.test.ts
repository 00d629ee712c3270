// A session's memory is known before a device is touched, and one that cannot run is refused with a batch that can.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DEFAULTS } from "../../src/config.ts";
import { CpuEngine } from "../../src/cpu/engine.ts";
import { GUARANTEED } from "../../src/plan/fits.ts";
import { memoryPlan } from "../../src/plan/memory-plan.ts";
import { Session } from "../../src/rlhf/session/session.ts";
import { checkSession, sessionDemand } from "../../src/rlhf/session/memory.ts";
import { Trainer } from "../../src/workers/trainer.ts";
import { readCheckpoint } from "../../src/workers/weights.ts";

const load = (file: string): Uint8Array => new Uint8Array(readFileSync(`public/${file}`));
const FILE = "models/sft.safetensors";
const { card, weights } = readCheckpoint(load(FILE), FILE);

test("an opened session holds exactly what was planned for it", async () => {
  const plan = memoryPlan(await sessionDemand(card.config, DEFAULTS, weights));
  const engine = await CpuEngine.create();
  await Session.create(engine, card.config, DEFAULTS, weights);
  expect(engine.memory.bytes).toEqual({ persistent: plan.persistent, slots: plan.slots });
  const caches = plan.classes.find(({ name }) => name === "key-value caches");
  expect(caches?.bytes).toBeGreaterThan(0);
});

test("what a WebGPU device must allow is enough for the shipped model", async () => {
  await checkSession(card.config, DEFAULTS, weights, { ...GUARANTEED, budget: 2 ** 30 });
});

test("a session over the budget is refused with a batch that fits", async () => {
  const config = { ...DEFAULTS, batch: 64, minibatches: 2 };
  const fixed = memoryPlan(
    await sessionDemand(card.config, { ...config, batch: 16 }, weights),
  ).peak;
  const limits = { ...GUARANTEED, budget: 1.5 * fixed };
  const sentence = await checkSession(card.config, config, weights, limits).then(
    () => "",
    (error: unknown) => (error as RangeError).message,
  );
  const best = Number(/a batch of (\d+) instead of 64 would fit\.$/.exec(sentence)?.[1]);
  expect(best % 16).toBe(0);
  await checkSession(card.config, { ...config, batch: best }, weights, limits);
  const more = { ...config, batch: best + 16 };
  await expect(checkSession(card.config, more, weights, limits)).rejects.toThrow(RangeError);
});

test("a model with too short a context is refused", async () => {
  const model = { ...card.config, context: 47 };
  await expect(checkSession(model, DEFAULTS, weights, GUARANTEED)).rejects.toThrow(
    /sequences of 48 tokens are too long for a context of 47, expected at most 47/,
  );
});

test("the trainer refuses before the engine is asked for anything", async () => {
  const cpu = await CpuEngine.create();
  const engine = Object.assign(cpu, { limits: { ...cpu.limits, budget: 2 ** 20 } });
  const openEngine: ConstructorParameters<typeof Trainer>[0]["openEngine"] = () =>
    Promise.resolve({ engine, kind: "cpu", software: true, destroy: () => undefined });
  const trainer = new Trainer({ openEngine, load: (file) => Promise.resolve(load(file)) });
  await expect(trainer.open(DEFAULTS, () => undefined)).rejects.toThrow(
    /and the budget is 1.0 MiB; nothing was allocated, no batch fits/,
  );
  expect(engine.memory.bytes).toEqual({ persistent: 0, slots: 0 });
});
