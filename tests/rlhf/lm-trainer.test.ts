// The trainer of next-token models: micro-batches and recomputed activations change memory, not what is learned.
import { expect, test } from "vitest";
import { CpuEngine } from "../../src/cpu/engine.ts";
import { gpt2, gptSpecs } from "../../src/model/gpt.ts";
import { initialValues } from "../../src/model/init.ts";
import { layOut } from "../../src/model/parameters.ts";
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

async function trained(training: LmTraining): Promise<number[]> {
  const engine = await CpuEngine.create();
  const parameters = layOut("policy", gptSpecs(config), true);
  const trainer = new LmTrainer(engine, config, parameters, POSITIONS, training);
  engine.memory.write(parameters.values, initialValues(parameters, 1));
  await trainer.prepare(T);
  expect(trainer.rowsAt(T)).toBe(POSITIONS / T);
  const losses: number[] = [];
  for (let step = 1; step <= 8; step++) {
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
