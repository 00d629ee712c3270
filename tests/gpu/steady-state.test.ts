// What a replay asks of the device: nothing but one submit in turbo mode, short submits in smooth mode.
import { expect, test } from "vitest";
import { Executor } from "../../src/gpu/executor.ts";
import { openNodeGpu } from "../../src/gpu/node.ts";
import { SMOOTH_MS } from "../../src/gpu/pace.ts";
import { adamwKnobs } from "../../src/kernels/adamw.ts";
import { gpt2, gptSpecs } from "../../src/model/gpt.ts";
import { initialValues } from "../../src/model/init.ts";
import { layOut } from "../../src/model/parameters.ts";
import type { CompiledPlan } from "../../src/plan/engine.ts";
import { persistent } from "../../src/plan/tensor.ts";
import type { Tensor } from "../../src/plan/tensor.ts";
import { lmInput, lmStep, rowPositions } from "../../src/rlhf/language-model.ts";
import { makeOptimiser } from "../../src/rlhf/optimiser.ts";
import { countingGpu } from "../support/counting-device.ts";
import type { Asked } from "../support/counting-device.ts";

const [B, T, V] = [8, 32, 131];

interface Setting {
  readonly engine: Executor;
  readonly plan: CompiledPlan;
  readonly stats: Tensor;
  readonly asked: Asked;
  readonly reset: () => void;
  /** one training step; returns what it asked of the device */
  readonly step: () => Asked;
}

/** A small model's training step on a counted device. */
async function setting(without: readonly string[] = []): Promise<Setting> {
  const { gpu, asked, reset } = countingGpu(await openNodeGpu(), { without });
  const engine = new Executor(gpu);
  const config = gpt2(V, 32, 2, 4, T);
  const parameters = layOut("policy", gptSpecs(config), true);
  const optimiser = makeOptimiser(parameters);
  const input = lmInput("rows", B, T);
  const stats = persistent("loss", [2]);
  const ids = Int32Array.from({ length: B * T + 1 }, (_, i) => (i * i * 7 + 3 * i) % V);
  const { memory } = engine;
  memory.write(parameters.values, initialValues(parameters, 1));
  memory.write(input.tokens, ids.slice(0, B * T));
  memory.write(input.targets, ids.slice(1));
  memory.write(input.weights, new Float32Array(B * T).fill(1));
  memory.write(input.positions, rowPositions(B, T));
  memory.write(input.mask, new Uint32Array(B * T).fill(1));
  const { calls } = lmStep(config, parameters, optimiser, input, stats);
  const plan = await engine.compile("step", calls);
  let steps = 0;
  const step = (): Asked => {
    reset();
    memory.write(optimiser.knobs, adamwKnobs(++steps, { learningRate: 0.003, maxNorm: 1 }));
    engine.run(plan);
    return { ...asked, submits: [...asked.submits] };
  };
  return { engine, plan, stats, asked, reset, step };
}

const QUIET = { buffers: 0, bindGroups: 0, pipelines: 0, shaders: 0, readBacks: 0, writes: 1 };

test("in turbo mode a replay is one submit and creates nothing", async () => {
  const { engine, plan, stats, asked, reset, step } = await setting();
  step();
  const before = { ...engine.counts };
  const replays = [step(), step(), step()];
  for (const replay of replays) {
    expect(replay).toEqual({ ...QUIET, submits: [plan.calls.length] });
  }
  expect(engine.counts).toEqual({
    ...before,
    submits: before.submits + 3,
    dispatches: before.dispatches + 3 * plan.calls.length,
    writes: before.writes + 3,
    writtenBytes: before.writtenBytes + 3 * 4 * 10,
  });
  reset();
  const [loss] = await engine.memory.read([stats]);
  expect(asked).toEqual({ ...QUIET, buffers: 1, readBacks: 1, writes: 0, submits: [0] });
  // the buffer of the first read-back serves all others, and a step can carry its own
  reset();
  await engine.runAndRead([plan], [stats]);
  const inOne = { ...QUIET, readBacks: 1, writes: 0, submits: [plan.calls.length] };
  expect(asked).toEqual(inOne);
  expect(engine.counts.readBytes - before.readBytes).toBe(16);
  expect(loss![0]).toBeLessThan(Math.log(V));
});

test("a training step at S has at most 150 calls, 30 of them per layer", () => {
  const calls = (layers: number): number => {
    const config = gpt2(512, 128, layers, 4, 64);
    const parameters = layOut("policy", gptSpecs(config), true);
    const stats = persistent("loss", [2]);
    return lmStep(config, parameters, makeOptimiser(parameters), lmInput("rows", 8, 64), stats)
      .calls.length;
  };
  expect(calls(4)).toBeLessThanOrEqual(150);
  expect(calls(5) - calls(4)).toBeLessThanOrEqual(30);
});

/** Expects every submit to be planned within the budget, or to be a single call that is longer. */
function expectShort(engine: Executor, plan: CompiledPlan, submits: readonly number[]): void {
  const costs = [...engine.expected(plan)];
  const sums = submits.map((count) => {
    const part = costs.splice(0, count);
    return { count, sum: part.reduce((a, b) => a + b, 0), next: costs[0] ?? Infinity };
  });
  expect(costs).toEqual([]);
  for (const { count, sum, next } of sums) {
    if (count > 1) expect(sum).toBeLessThanOrEqual(SMOOTH_MS);
    // no submit is cut before it has to be
    expect(sum + next).toBeGreaterThan(SMOOTH_MS / 2);
  }
}

test("in smooth mode submits keep to the budget that time stamps gave, with the same result", async () => {
  const turbo = await setting();
  const { engine, plan, stats, step } = await setting();
  engine.smoothness = "smooth";
  for (const replay of [step(), step()]) {
    turbo.step();
    expect(replay.submits.reduce((a, b) => a + b, 0)).toBe(plan.calls.length);
    await engine.idle();
  }
  // reading waits for the second run, whose calls were timed
  await engine.memory.read([stats]);
  const costs = engine.expected(plan);
  expect(Math.min(...costs)).toBeGreaterThan(0);
  const steady = step();
  turbo.step();
  expectShort(engine, plan, steady.submits);
  expect(steady).toEqual({ ...QUIET, submits: steady.submits });
  const [loss] = await engine.memory.read([stats]);
  const [same] = await turbo.engine.memory.read([turbo.stats]);
  expect(loss).toEqual(same);
  engine.smoothness = "turbo";
  expect(step().submits).toEqual([plan.calls.length]);
});

test("without time stamps the host's clock sets the pace", async () => {
  const { engine, plan, step } = await setting(["timestamp-query"]);
  engine.smoothness = "smooth";
  for (let i = 0; i < 5; i++) {
    step();
    await engine.idle();
  }
  // other work on the machine can stretch a single step at will, so the closest of several counts
  let last = step();
  let apart = Infinity;
  for (let i = 0; i < 8; i++) {
    await engine.idle();
    const learned = engine.expected(plan).reduce((a, b) => a + b, 0);
    const started = performance.now();
    last = step();
    await engine.idle();
    apart = Math.min(apart, Math.abs(Math.log(learned / (performance.now() - started))));
  }
  expectShort(engine, plan, last.submits);
  expect(apart).toBeLessThan(Math.log(4));
  expect({ ...last, submits: [] }).toEqual({ ...QUIET, submits: [] });
  await expect(engine.profile(plan)).rejects.toThrow(/cannot time the \d+ calls of step/);
});

test("the profile of a plan is about the time that it takes", async () => {
  const { engine, plan, step } = await setting();
  step();
  await engine.idle();
  const milliseconds = await engine.profile(plan);
  expect(milliseconds).toHaveLength(plan.calls.length);
  // other work on the machine can stretch a single step at will, so the shortest of several counts
  let whole = Infinity;
  for (let i = 0; i < 5; i++) {
    const started = performance.now();
    step();
    await engine.idle();
    whole = Math.min(whole, performance.now() - started);
  }
  const sum = milliseconds.reduce((a, b) => a + b, 0);
  expect(sum).toBeGreaterThan(whole / 5);
  expect(sum).toBeLessThan(whole * 5);
});
