// f16 activations: training follows the f32 curve, memory is saved where it should be, and what cannot run is refused.
import { describe, expect, test } from "vitest";
import { S } from "../../scripts/bench/models.ts";
import { CpuEngine } from "../../src/cpu/engine.ts";
import { Executor } from "../../src/gpu/executor.ts";
import { keyOf } from "../../src/gpu/variants.ts";
import { layernorm } from "../../src/kernels/layernorm.ts";
import { gpt2, gptSpecs } from "../../src/model/gpt.ts";
import type { GptConfig } from "../../src/model/gpt.ts";
import { initialValues } from "../../src/model/init.ts";
import { layOut } from "../../src/model/parameters.ts";
import type { Engine } from "../../src/plan/engine.ts";
import { GUARANTEED, checkBatch } from "../../src/plan/fits.ts";
import { memoryPlan } from "../../src/plan/memory-plan.ts";
import { printPlan } from "../../src/plan/print.ts";
import { Tape } from "../../src/plan/tape.ts";
import { persistent, temporary, tensorBytes, view } from "../../src/plan/tensor.ts";
import type { Tensor } from "../../src/plan/tensor.ts";
import { lmInput, lmStep } from "../../src/rlhf/language-model.ts";
import type { Row, StepOptions } from "../../src/rlhf/language-model.ts";
import { makeOptimiser } from "../../src/rlhf/optimiser.ts";
import { LmTrainer } from "../../src/rlhf/session/lm-trainer.ts";
import type { LmTraining } from "../../src/rlhf/session/lm-trainer.ts";
import { countingGpu } from "../support/counting-device.ts";
import { executor } from "../support/gpu.ts";
import { random } from "../support/random.ts";

const HALF = { activations: "f16" } as const;
const [B, T, V] = [4, 12, 13];
const config = gpt2(V, 16, 2, 2, T);
const STEPS = 30;

/** Rows that count up in steps of their own, which a small model learns in a few updates. */
function rows(): Row[] {
  const next = random(5);
  return Array.from({ length: B }, () => {
    const [first, by] = [Math.floor(next() * V), 1 + Math.floor(next() * 3)];
    const tokens = Array.from({ length: T + 1 }, (_, t) => (first + by * t) % V);
    return { tokens, countFrom: 1 };
  });
}

/** The loss of every step. */
async function curve(engine: Engine, options: LmTraining): Promise<number[]> {
  const parameters = layOut("policy", gptSpecs(config), true);
  engine.memory.write(parameters.values, initialValues(parameters, 1));
  const trainer = new LmTrainer(engine, config, parameters, B * T, options);
  await trainer.prepare(T);
  const losses: number[] = [];
  for (let step = 1; step <= STEPS; step++) {
    trainer.step({ rows: rows(), T }, step, { learningRate: 0.01 });
    losses.push(await trainer.loss());
  }
  return losses;
}

test("30 steps follow the f32 losses within 1 %", async () => {
  const full = await curve(await CpuEngine.create(), {});
  const half = await curve(await executor(), HALF);
  const last = full.at(-1) ?? NaN;
  expect(last).toBeLessThan(0.5 * (full[0] ?? NaN));
  expect(half).not.toEqual(full);
  half.forEach((loss, step) => {
    const expected = full[step] ?? NaN;
    expect(Math.abs(loss - expected), `step ${String(step + 1)}`).toBeLessThan(0.01 * expected);
  });
});

function step(wanted: GptConfig, rowsOf: readonly [number, number], options: StepOptions): Tape {
  const parameters = layOut("policy", gptSpecs(wanted), true);
  const optimiser = makeOptimiser(parameters);
  const input = lmInput("rows", ...rowsOf);
  return lmStep(wanted, parameters, optimiser, input, persistent("loss", [2]), options);
}

/** Temporaries of a plan by their type, each name once. */
function named(tape: Tape, dtype: Tensor["dtype"]): string[] {
  const tensors = tape.calls.flatMap(({ bindings }) => Object.values(bindings));
  const wanted = tensors.filter((tensor) => {
    return tensor.dtype === dtype && tensor.storage.lifetime === "temporary";
  });
  return [...new Set(wanted.map(({ name }) => name))].sort();
}

describe("a step", () => {
  const tape = step(config, [B, T], HALF);

  test("halves what forward keeps for backward, and nothing else", () => {
    expect(named(tape, "f16")).toEqual(["attention", "gelu", "inner", "layernorm", "linear"]);
    const full = named(tape, "f32");
    // the residual stream, the final norm, logits and every derivative
    for (const name of ["embedding", "linear", "feed-forward", "layernorm", "matmul", "dlinear"]) {
      expect(full).toContain(name);
    }
    expect(full.filter((name) => /^(inner|gelu|attention)$/.test(name))).toEqual([]);
  });

  test("prints which tensors are halves, and has as many calls", () => {
    expect(printPlan(tape.calls)).toContain("inner[48,64]:f16@s");
    expect(tape.calls).toHaveLength(step(config, [B, T], {}).calls.length);
  });

  test("recomputes in halves too", () => {
    const both = step(config, [B, T], { ...HALF, recompute: true });
    expect(named(both, "f16")).toEqual(named(tape, "f16"));
  });

  test("has keys of its own, so that it is tuned by itself", () => {
    const keys = (options: StepOptions): string[] => step(config, [B, T], options).calls.map(keyOf);
    const [full, half] = [keys({}), keys(HALF)];
    expect(half.filter((key) => key.includes(":f16")).length).toBeGreaterThan(10);
    expect(half.filter((key) => !key.includes(":f16")).every((key) => full.includes(key))).toBe(
      true,
    );
  });
});

test("a step at S takes less than two thirds of the bytes of its slots", () => {
  const wanted = gpt2(S.vocabulary, S.width, S.layers, S.heads, S.context);
  const slots = (options: StepOptions): number => {
    const { calls } = step(wanted, [S.batch, S.context], options);
    return memoryPlan({ plans: [{ label: "step", calls }] }).slots;
  };
  expect(slots(HALF)).toBeLessThan(0.67 * slots({}));
});

test("an odd number of halves is padded to whole words, and views are aligned to 256 bytes", () => {
  const tensor = temporary("x", [257], "f16");
  expect(tensorBytes(tensor)).toBe(516);
  expect(tensorBytes(temporary("x", [257]))).toBe(1028);
  expect(() => view(tensor, [64], 64)).toThrow(/not aligned to 128 elements/);
  expect(view(tensor, [64], 128).offset).toBe(128);
});

describe("without shader-f16", () => {
  const refusal =
    /^policy step T=12: keeps layernorm\[48,16\] as f16, which needs an adapter with shader-f16, and this one has none; nothing was allocated for it, f32 activations work\.$/;

  async function refused(engine: Engine): Promise<void> {
    const before = engine.memory.bytes.slots;
    const parameters = layOut("policy", gptSpecs(config), true);
    const trainer = new LmTrainer(engine, config, parameters, B * T, HALF);
    await expect(trainer.prepare(T)).rejects.toThrow(refusal);
    expect(engine.memory.bytes.slots).toBe(before);
  }

  test("a GPU refuses in one sentence", async () => {
    const { gpu } = countingGpu((await executor()).gpu, { without: ["shader-f16"] });
    const engine = new Executor(gpu);
    await refused(engine);
    engine.memory.destroy();
  });

  test("the CPU engine does too", async () => {
    await refused(await CpuEngine.create());
  });

  test("no smaller batch is proposed, because none would help", async () => {
    const demand = (b: number): { plans: { label: string; calls: Tape["calls"] }[] } => ({
      plans: [{ label: "step", calls: step(config, [b, T], HALF).calls }],
    });
    await expect(checkBatch(B, demand, GUARANTEED)).rejects.toThrow(
      /shader-f16.* f32 activations work\.$/,
    );
  });
});

test("a kernel without an alias for a half says which binding it cannot take", async () => {
  const tape = new Tape({ activations: "f16" });
  const half = persistent("x", [2, 4], "f16");

  layernorm(tape, half, persistent("w", [4]), persistent("b", [4]));
  await expect((await executor()).compile("norm", tape.calls)).rejects.toThrow(
    "layernorm: x is f16, and wgsl/layernorm.wgsl has no alias X, expected f32",
  );
});
