// A loss without a tensor of all logits: gradients as with one, bytes saved, and steps that no binding could hold.
import { expect, test } from "vitest";
import { CpuEngine } from "../../src/cpu/engine.ts";
import { adamwKnobs } from "../../src/kernels/adamw.ts";
import { gpt2, gptSpecs } from "../../src/model/gpt.ts";
import type { GptConfig } from "../../src/model/gpt.ts";
import { initialValues } from "../../src/model/init.ts";
import { layOut } from "../../src/model/parameters.ts";
import type { Engine } from "../../src/plan/engine.ts";
import { checkFits, GUARANTEED } from "../../src/plan/fits.ts";
import { memoryPlan } from "../../src/plan/memory-plan.ts";
import type { MemoryPlan } from "../../src/plan/memory-plan.ts";
import type { Call } from "../../src/plan/tape.ts";
import { persistent, size } from "../../src/plan/tensor.ts";
import type { Tensor } from "../../src/plan/tensor.ts";
import { lmEvaluation, lmInput, lmStep, rowPositions } from "../../src/rlhf/language-model.ts";
import type { StepOptions } from "../../src/rlhf/language-model.ts";
import { makeOptimiser } from "../../src/rlhf/optimiser.ts";
import { executor } from "../support/gpu.ts";
import { random } from "../support/random.ts";

const [B, T, V] = [9, 16, 150];
const tied = gpt2(V, 16, 1, 2, T);
const models: readonly (readonly [string, GptConfig])[] = [
  ["tied", tied],
  ["untied", { ...tied, tied: false }],
];

/** Loss, its statistics by the evaluation, and gradients of one step on the same rows. */
async function step(
  engine: Engine,
  config: GptConfig,
  options: StepOptions,
): Promise<{ losses: number[]; gradient: ArrayLike<number> }> {
  const parameters = layOut("policy", gptSpecs(config), true);
  const optimiser = makeOptimiser(parameters);
  const input = lmInput("rows", B, T);
  const [stats, evaluated] = [persistent("loss", [2]), persistent("evaluated", [2])];
  const next = random(5);
  const token = (): number => Math.floor(next() * V);
  const { memory } = engine;
  memory.write(parameters.values, initialValues(parameters, 1));
  memory.write(input.tokens, Int32Array.from({ length: B * T }, token));
  memory.write(
    input.targets,
    Int32Array.from({ length: B * T }, (_, i) => (i % 5 === 0 ? -100 : token())),
  );
  memory.write(
    input.weights,
    Float32Array.from({ length: B * T }, (_, i) => (i % 5 === 0 ? 0 : 1)),
  );
  memory.write(input.positions, rowPositions(B, T));
  memory.write(input.mask, new Uint32Array(B * T).fill(1));
  memory.write(optimiser.knobs, adamwKnobs(1, { learningRate: 0 }));
  const evaluation = lmEvaluation(config, parameters, input, evaluated);
  const train = lmStep(config, parameters, optimiser, input, stats, options);
  engine.run(await engine.compile("evaluation", evaluation.calls));
  engine.run(await engine.compile("step", train.calls));
  const gradients = parameters.gradients as Tensor;
  const [loss, again, gradient] = await memory.read([stats, evaluated, gradients]);
  return { losses: [...(loss ?? []), ...(again ?? [])], gradient: gradient ?? [] };
}

function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, limit: number): void {
  const scale = Math.max(...Array.from(expected, Math.abs));
  const errors = Array.from(got, (value, i) => Math.abs(value - (expected[i] ?? NaN)));
  expect(scale).toBeGreaterThan(0);
  expect(Math.max(...errors)).toBeLessThanOrEqual(limit * scale);
}

async function compare(engine: Engine, config: GptConfig, options: StepOptions[]): Promise<void> {
  const stored = await step(engine, config, {});
  for (const option of options) {
    const chunked = await step(engine, config, option);
    expectClose(chunked.losses, stored.losses, 1e-6);
    expectClose(chunked.gradient, stored.gradient, 1e-5);
  }
  expect(stored.losses[2]).toBeCloseTo(stored.losses[0] ?? NaN, 5);
}

test.each(models)("%s: chunks give the same gradients", async (_name, config) => {
  await compare(await CpuEngine.create(), config, [
    // three chunks, the last of 16 rows; then together with recomputed blocks
    { classifierRows: 64 },
    { classifierRows: 64, recompute: true },
    // two rows of 150 logits: no chunk is smaller than 64 rows
    { bindingLength: 320 },
  ]);
});

test("the same on the GPU", async () => {
  await compare(await executor(), tied, [{ classifierRows: 64 }]);
});

/** The training step of a model, and what it takes. */
function planned(
  config: GptConfig,
  [rows, context]: readonly [number, number],
  options: StepOptions,
): { calls: readonly Call[]; memory: MemoryPlan; widest: number } {
  const parameters = layOut("policy", gptSpecs(config), true);
  const input = lmInput("rows", rows, context);
  const optimiser = makeOptimiser(parameters);
  const { calls } = lmStep(config, parameters, optimiser, input, persistent("loss", [2]), options);
  const shapes = calls.flatMap(({ bindings }) => Object.values(bindings));
  const widest = Math.max(
    ...shapes.filter(({ shape }) => shape.at(-1) === config.vocabulary).map((t) => size(t.shape)),
  );
  return { calls, memory: memoryPlan({ plans: [{ label: "step", calls }] }), widest };
}

test("no tensor of all logits exists, and its bytes are saved", () => {
  const config = gpt2(1024, 64, 2, 2, 128);
  const shape = [8, 128] as const;
  const [stored, chunked] = [
    planned(config, shape, {}),
    planned(config, shape, { classifierRows: 128 }),
  ];
  expect([stored.widest, chunked.widest]).toEqual([1024 * 1024, 128 * 1024]);
  expect(stored.memory.slots - chunked.memory.slots).toBeGreaterThan(0.6 * 1024 * 1024 * 4);
});

test("logits of more than 128 MiB work inside the limit that every device has", () => {
  const config = gpt2(40_000, 32, 1, 2, 128);
  const { calls, memory, widest } = planned(config, [8, 128], {});
  // 1,024 rows would be 156 MiB
  expect(widest).toBe(832 * 40_000);
  expect(memory.largestBinding?.bytes).toBeLessThanOrEqual(GUARANTEED.binding);
  expect(() => {
    checkFits({ plans: [{ label: "step", calls }] }, GUARANTEED);
  }).not.toThrow();
});

test("rows that views cannot begin at are refused", () => {
  expect(() => planned(tied, [4, 16], { classifierRows: 40 })).toThrow(
    "classifier: chunks of 40 rows, expected a multiple of 64",
  );
});
