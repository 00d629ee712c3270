// The trainer of next-token models: micro-batches and recomputed activations change memory, not what is learned.
import { describe, expect, test } from "vitest";
import { CpuEngine } from "../../src/cpu/engine.ts";
import { DROPOUT_STATE, dropoutDrawn } from "../../src/kernels/dropout-drawn.ts";
import { gpt2, gptSpecs } from "../../src/model/gpt.ts";
import { initialValues } from "../../src/model/init.ts";
import { layOut } from "../../src/model/parameters.ts";
import { DryEngine } from "../../src/plan/dry-engine.ts";
import { CpuMemory, runOnCpu } from "../../src/plan/reference.ts";
import { Tape } from "../../src/plan/tape.ts";
import { persistent } from "../../src/plan/tensor.ts";
import type { Row } from "../../src/rlhf/language-model.ts";
import { LmTrainer } from "../../src/rlhf/session/lm-trainer.ts";
import type { LmTraining } from "../../src/rlhf/session/lm-trainer.ts";
import { random } from "../support/random.ts";

const [POSITIONS, T, V] = [96, 12, 23];
const config = gpt2(V, 16, 2, 2, T);

/** Rows of 3 to 13 tokens, of which a few count: their means differ from micro-batch to micro-batch. */
function rows(seed: number): Row[] {
  const next = random(seed);
  return Array.from({ length: POSITIONS / T }, (_, i) => ({
    tokens: Array.from({ length: 3 + (i % 11) }, () => Math.floor(next() * V)),
    countFrom: 1 + (i % 2),
  }));
}

async function trained(training: LmTraining, updates = 8): Promise<number[]> {
  const engine = await CpuEngine.create();
  const parameters = layOut("policy", gptSpecs(config), true);
  const trainer = new LmTrainer(engine, config, parameters, POSITIONS, training);
  engine.memory.write(parameters.values, initialValues(parameters, 1));
  await trainer.prepare(T);
  expect(trainer.rowsAt(T)).toBe(POSITIONS / T);
  const losses: number[] = [];
  for (let step = 1; step <= updates; step++) {
    trainer.step({ rows: rows(step), T }, step, { learningRate: 1e-2, maxNorm: 1 });
    losses.push(await trainer.loss());
  }
  losses.push(
    await trainer.evaluate([
      { rows: rows(99), T },
      { rows: rows(98).slice(0, 3), T },
    ]),
  );
  return losses;
}

test("micro-batches and recomputation give the same losses, step by step", async () => {
  const plain = await trained({});
  expect(plain[7]).toBeLessThan(plain[0]!);
  for (const training of [
    { accumulate: 4 },
    { recompute: true },
    { accumulate: 8, recompute: true },
  ]) {
    const losses = await trained(training);
    losses.forEach((loss, i) => expect(loss).toBeCloseTo(plain[i]!, 5));
  }
});

test("what cannot be cut is refused in one sentence", async () => {
  const engine = await CpuEngine.create();
  const make = (accumulate: number): LmTrainer => {
    const parameters = layOut("policy", gptSpecs(config), true);
    return new LmTrainer(engine, config, parameters, POSITIONS, { accumulate });
  };
  expect(() => make(1.5)).toThrow(/1.5 micro-batches a batch, expected a whole number/);
  expect(() => make(9).rowsAt(T)).toThrow(
    "training: 96 positions in 9 micro-batches hold no row of 12 tokens; take fewer micro-batches",
  );
});

describe("dropout", () => {
  const dropout = { p: 0.2, seed: 3 };

  test("changes what is learned, by its seed alone, and no loss that is evaluated", async () => {
    const plain = await trained({});
    const dropped = await trained({ dropout });
    expect(dropped[0]).not.toBeCloseTo(plain[0]!, 3);
    expect(await trained({ dropout })).toEqual(dropped);
    expect(await trained({ dropout: { p: 0.2, seed: 4 } })).not.toEqual(dropped);
    // before any update, evaluation is that of the same model without dropout
    expect((await trained({ dropout }, 0)).at(-1)).toBe((await trained({}, 0)).at(-1));
    const last = await trained({ dropout }, 60);
    expect(last[59]).toBeLessThan(last[0]!);
  });

  test("draws another mask for every micro-batch, and the same when blocks are recomputed", async () => {
    const parts = await trained({ dropout, accumulate: 4 });
    const again = await trained({ dropout, accumulate: 4, recompute: true });
    again.forEach((loss, i) => expect(loss).toBeCloseTo(parts[i]!, 5));
    // four micro-batches of equal rows with one mask would be one of them alone
    const equal = async (accumulate: number): Promise<number> => {
      const engine = await CpuEngine.create();
      const parameters = layOut("policy", gptSpecs(config), true);
      const trainer = new LmTrainer(engine, config, parameters, accumulate * T, {
        accumulate,
        dropout,
      });
      engine.memory.write(parameters.values, initialValues(parameters, 1));
      await trainer.prepare(T);
      const row = rows(1)[7] as Row;
      const batch = { rows: Array.from({ length: accumulate }, () => row), T };
      trainer.step(batch, 1, { learningRate: 1e-2 });
      return trainer.loss();
    };
    expect(await equal(4)).not.toBeCloseTo(await equal(1), 4);
  });

  test("is absent from plans at 0, and takes a call forward and one back for each of its places", async () => {
    const calls = async (training: LmTraining): Promise<string[][]> => {
      const engine = new DryEngine();
      const parameters = layOut("policy", gptSpecs(config), true);
      const trainer = new LmTrainer(engine, config, parameters, POSITIONS, training);
      await trainer.prepare(T);
      return engine.demand().plans.map((plan) => plan.calls.map(({ kernel }) => kernel.name));
    };
    const [[step = [], loss = []], none, [dropped = [], lossToo]] = [
      await calls({}),
      await calls({ dropout: { p: 0, seed: 3 } }),
      await calls({ dropout }),
    ];
    expect(none).toEqual([step, loss]);
    expect(lossToo).toEqual(loss);
    expect(dropped.filter((name) => name !== "dropout_drawn")).toEqual(step);
    expect(dropped).toHaveLength(step.length + 2 * (2 * config.layers + 1));
  });

  test("keeps the expectation: the mean over many masks is the value itself", () => {
    const [N, p, masks] = [50, 0.2, 4000];
    const tape = new Tape({ keep: true });
    const x = persistent("x", [N]);
    const state = persistent("state", [DROPOUT_STATE.size], "u32");
    const y = dropoutDrawn(tape, x, { p, state }, 1);
    const memory = new CpuMemory();
    memory.write(x, new Float32Array(N).fill(1));
    const sums = new Float64Array(N);
    for (let step = 1; step <= masks; step++) {
      memory.write(state, [9, step, 0]);
      runOnCpu(tape.calls, memory);
      memory.of(y).forEach((value, i) => (sums[i]! += value / masks));
    }
    // five standard errors of a mean of values that are 0 or 1.25
    const error = Math.sqrt(p / (1 - p) / masks);
    sums.forEach((mean) => expect(Math.abs(mean - 1)).toBeLessThan(5 * error));
  });

  test("of everything, or less than nothing, is refused in one sentence", async () => {
    const engine = await CpuEngine.create();
    const parameters = layOut("policy", gptSpecs(config), true);
    for (const p of [1, -0.1, NaN]) {
      expect(
        () => new LmTrainer(engine, config, parameters, POSITIONS, { dropout: { p, seed: 1 } }),
      ).toThrow(/^training: a dropout of .*, expected a share from 0 to below 1; nothing/);
    }
  });
});
