// Gradient accumulation equals one step on the whole batch, however raggedly its tokens are weighted.
import { expect, test } from "vitest";
import { CpuEngine } from "../../src/cpu/engine.ts";
import { adamwKnobs } from "../../src/kernels/adamw.ts";
import { gpt2, gptSpecs } from "../../src/model/gpt.ts";
import { initialValues } from "../../src/model/init.ts";
import { layOut } from "../../src/model/parameters.ts";
import type { Parameters } from "../../src/model/parameters.ts";
import type { Engine } from "../../src/plan/engine.ts";
import { DryEngine } from "../../src/plan/dry-engine.ts";
import { persistent } from "../../src/plan/tensor.ts";
import type { Tensor } from "../../src/plan/tensor.ts";
import { Accumulator } from "../../src/rlhf/accumulation.ts";
import { lmInput, lmStep, rowPositions } from "../../src/rlhf/language-model.ts";
import type { LmArrays, StepOptions } from "../../src/rlhf/language-model.ts";
import { makeOptimiser } from "../../src/rlhf/optimiser.ts";
import type { Optimiser } from "../../src/rlhf/optimiser.ts";
import { executor } from "../support/gpu.ts";
import { random } from "../support/random.ts";

const [A, B, T, V] = [3, 2, 6, 17];
const ROW = B * T;
const config = gpt2(V, 16, 1, 2, T);
const STEPS = 3;

type Arrays = Pick<LmArrays, "tokens" | "targets" | "weights">;

/** A batch of A·B rows: the first micro-batch counts nearly everything, the last a single token. */
function batch(): Arrays {
  const next = random(4);
  const token = (): number => Math.floor(next() * V);
  return {
    tokens: Int32Array.from({ length: A * ROW }, token),
    targets: Int32Array.from({ length: A * ROW }, token),
    weights: Float32Array.from({ length: A * ROW }, (_, i) => {
      if (i < ROW) return i % 7 === 0 ? 0 : 1;
      return i < 2 * ROW ? (i % 3) / 2 : Number(i === A * ROW - 4);
    }),
  };
}

interface Setting {
  readonly parameters: Parameters;
  readonly optimiser: Optimiser;
  readonly stats: Tensor;
}

function setting(engine: Engine, label: string): Setting {
  const parameters = layOut(label, gptSpecs(config), true);
  engine.memory.write(parameters.values, initialValues(parameters, 1));
  return { parameters, optimiser: makeOptimiser(parameters), stats: persistent(label, [2]) };
}

/** Runs STEPS steps; gives the gradient, the norm, the weights and the statistics of the last one. */
async function results(engine: Engine, to: Setting, step: () => void): Promise<number[][]> {
  for (let i = 1; i <= STEPS; i++) {
    const knobs = adamwKnobs(i, { learningRate: 0.01, eps: 1e-4, weightDecay: 0.1, maxNorm: 0.5 });
    engine.memory.write(to.optimiser.knobs, knobs);
    step();
  }
  const { parameters, optimiser, stats } = to;
  const tensors = [parameters.gradients as Tensor, optimiser.state, parameters.values, stats];
  return (await engine.memory.read(tensors)).map((values) => Array.from(values));
}

async function whole(engine: Engine): Promise<number[][]> {
  const to = setting(engine, "whole");
  const input = lmInput("whole", A * B, T);
  const { tokens, targets, weights } = batch();
  engine.memory.write(input.tokens, tokens);
  engine.memory.write(input.targets, targets);
  engine.memory.write(input.weights, weights);
  engine.memory.write(input.positions, rowPositions(A * B, T));
  engine.memory.write(input.mask, new Uint32Array(A * ROW).fill(1));
  const { calls } = lmStep(config, to.parameters, to.optimiser, input, to.stats);
  const plan = await engine.compile("whole", calls);
  return results(engine, to, () => {
    engine.run(plan);
  });
}

async function accumulated(engine: Engine, options: StepOptions): Promise<number[][]> {
  const to = setting(engine, "parts");
  const input = lmInput("parts", B, T);
  const accumulator = await Accumulator.create(engine, { ...to, config, input }, options);
  const { tokens, targets, weights } = batch();
  const parts = Array.from({ length: A }, (_, i) => ({
    tokens: tokens.slice(i * ROW, (i + 1) * ROW),
    targets: targets.slice(i * ROW, (i + 1) * ROW),
    weights: weights.slice(i * ROW, (i + 1) * ROW),
  }));
  return results(engine, to, () => {
    accumulator.step(parts);
  });
}

const LEAN: StepOptions = { recompute: true, bindingLength: 1024 };
// shader compilers take seconds for each plan
const engines: readonly (readonly [string, () => Promise<Engine>, readonly StepOptions[]])[] = [
  ["CPU", () => CpuEngine.create(), [{}, LEAN]],
  ["GPU", () => executor(), [LEAN]],
];

test.each(engines)(
  "steps over micro-batches equal steps on the whole batch, %s",
  async (_name, open, variants) => {
    const engine = await open();
    const expected = await whole(engine);
    expect(expected[3]?.[1]).toBe(batch().weights.reduce((sum, weight) => sum + weight, 0));
    for (const options of variants) {
      const actual = await accumulated(engine, options);
      actual.forEach((values, i) => {
        const errors = values.map((value, at) => Math.abs(value - (expected[i]?.[at] ?? NaN)));
        expect(Math.max(...errors), `result ${String(i)}`).toBeLessThan(1e-5);
      });
    }
  },
);

test("a step without micro-batches and one of a frozen model are refused", async () => {
  const engine = new DryEngine();
  const to = setting(engine, "parts");
  const input = lmInput("parts", B, T);
  const accumulator = await Accumulator.create(engine, { ...to, config, input });
  expect(() => {
    accumulator.step([]);
  }).toThrow(/no micro-batches/);
  const frozen = { ...to, parameters: layOut("frozen", gptSpecs(config), false) };
  await expect(Accumulator.create(engine, { ...frozen, config, input })).rejects.toThrow(
    /frozen is frozen, expected trainable/,
  );
});
