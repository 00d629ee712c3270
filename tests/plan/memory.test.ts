// Memory plans equal what engines then hold, refusals come before anything is allocated, flat buffers split.
import { describe, expect, test } from "vitest";
import { CpuEngine } from "../../src/cpu/engine.ts";
import { Executor } from "../../src/gpu/executor.ts";
import { guessBudget } from "../../src/gpu/limits.ts";
import { openNodeGpu } from "../../src/gpu/node.ts";
import { adamw, adamwKnobs } from "../../src/kernels/adamw.ts";
import { copy } from "../../src/kernels/copy.ts";
import { ema, emaKnobs } from "../../src/kernels/ema.ts";
import { globalNorm } from "../../src/kernels/global-norm.ts";
import { zero } from "../../src/kernels/zero.ts";
import { gpt2, gptSpecs } from "../../src/model/gpt.ts";
import type { GptConfig } from "../../src/model/gpt.ts";
import { readCard } from "../../src/model/checkpoint.ts";
import { checkColumns, checkModel } from "../../src/model/limits.ts";
import { layOut } from "../../src/model/parameters.ts";
import { DryEngine } from "../../src/plan/dry-engine.ts";
import type { Engine } from "../../src/plan/engine.ts";
import { GUARANTEED, checkBatch, checkFits } from "../../src/plan/fits.ts";
import { bytesText, memoryPlan, printMemory } from "../../src/plan/memory-plan.ts";
import type { Demand } from "../../src/plan/memory-plan.ts";
import { ranges } from "../../src/plan/ranges.ts";
import { CpuMemory, runOnCpu } from "../../src/plan/reference.ts";
import { Tape } from "../../src/plan/tape.ts";
import { persistent } from "../../src/plan/tensor.ts";
import type { Tensor } from "../../src/plan/tensor.ts";
import { lmInput, lmStep } from "../../src/rlhf/language-model.ts";
import { makeOptimiser } from "../../src/rlhf/optimiser.ts";
import { rollout } from "../../src/rlhf/rollout.ts";
import { sequences } from "../../src/rlhf/sequences.ts";
import { random } from "../support/random.ts";

/** Sets up two training plans as anything on an engine would. */
async function setUp(engine: Engine, B: number, config = gpt2(31, 16, 2, 2, 8)): Promise<void> {
  const parameters = layOut("policy", gptSpecs(config), true);
  const optimiser = makeOptimiser(parameters);
  const stats = persistent("loss", [2]);
  for (const T of [8, 4]) {
    const input = lmInput(`rows ${String(T)}`, B, T);
    const { calls } = lmStep(config, parameters, optimiser, input, stats, {
      bindingLength: 8192,
    });
    engine.memory.write(input.mask, new Uint32Array(B * T).fill(1));
    await engine.compile(`step ${String(T)}`, calls);
  }
  await engine.memory.read([stats]);
}

async function demand(B: number, config?: GptConfig): Promise<Demand> {
  const engine = new DryEngine();
  await setUp(engine, B, config);
  return engine.demand();
}

test("a planned engine holds exactly what was planned", async () => {
  const plan = memoryPlan(await demand(3));
  const engine = await CpuEngine.create();
  await setUp(engine, 3);
  expect(engine.memory.bytes).toEqual({ persistent: plan.persistent, slots: plan.slots });
  expect(plan.peak).toBe(plan.persistent + plan.slots + 8);
  expect(plan.slots).toBeLessThan(plan.temporaries);
  const dry = new DryEngine();
  await setUp(dry, 3);
  expect(dry.memory.bytes).toMatchObject(engine.memory.bytes);
});

test("classes follow from what storages are for, and print as a table", async () => {
  const config = gpt2(31, 16, 2, 2, 8);
  const plan = memoryPlan(await demand(3, config));
  const flat = layOut("same", gptSpecs(config), false).values.storage.length * 4;
  const bytes = Object.fromEntries(plan.classes.map((one) => [one.name, one.bytes]));
  expect(bytes).toMatchObject({
    parameters: flat,
    gradients: flat,
    "optimiser moments": 2 * flat,
    "key-value caches": 0,
    "read-back staging": 8,
  });
  const lines = printMemory(plan).trimEnd().split("\n");
  const table = lines.slice(0, plan.classes.length);
  expect(new Set(table.map((line) => line.length)).size).toBe(1);
  expect(lines.at(-1)).toMatch(/^largest binding \d.*B: .+ in \w+$/);
  const { caches } = rollout("run", config, sequences("rows", { B: 2, P: 3, G: 4 }));
  const others = caches.map(({ storage }) => storage);
  const cached = memoryPlan({ plans: [], others }).classes.find(({ name }) => /cache/.test(name));
  expect(cached).toEqual({ name: "key-value caches", bytes: 2 * 2 * 7 * 32 * 4, count: 2 });
});

test("bytes are printed in the unit that fits", () => {
  const texts = [0, 1023, 1024, 2 ** 27, 1.5 * 2 ** 30, 2 ** 42].map(bytesText);
  expect(texts).toEqual(["0 bytes", "1023 bytes", "1.0 KiB", "128.0 MiB", "1.5 GiB", "4096.0 GiB"]);
});

test("each limit has its sentence", async () => {
  const small = await demand(3);
  const refusal = (limits: object): (() => void) => {
    return () => {
      checkFits(small, { ...GUARANTEED, ...limits });
    };
  };
  expect(refusal({})).not.toThrow();
  expect(refusal({ binding: 512 })).toThrow(
    /^step 8: embedding binds 1.9 KiB of wte.weight\[31,16\] at once, and this device at most 512 bytes; nothing was allocated/,
  );
  expect(refusal({ bindings: 4 })).toThrow(/step 8: \w+ binds \d buffers, .* at most 4 a call/);
  expect(refusal({ groups: 2 })).toThrow(/needs \d+.* = \d+ workgroups, .* at most 2 in each/);
  expect(refusal({ buffer: 20000 })).toThrow(
    /policy.values takes 31.0 KiB, and a buffer of this device at most 19.5/,
  );
  expect(refusal({ budget: 50000 })).toThrow(/it takes \d+.\d KiB of memory .* budget is 48.8 KiB/);
});

test("a refusal names the largest batch that fits", async () => {
  const limits = { ...GUARANTEED, budget: 400_000 };
  const sentence = await checkBatch(64, demand, limits).then(
    () => "",
    (error: unknown) => (error as RangeError).message,
  );
  const best = Number(/a batch of (\d+) instead of 64 would fit\.$/.exec(sentence)?.[1]);
  await checkBatch(best, demand, limits);
  await expect(checkBatch(best + 1, demand, limits)).rejects.toThrow(RangeError);
  await expect(checkBatch(4, demand, { ...GUARANTEED, budget: 1000 })).rejects.toThrow(
    /no batch fits, only a smaller model or context does/,
  );
});

test("a chunk of logits over the binding limit gives way to a smaller batch", async () => {
  const config = gpt2(512, 16, 1, 2, 8);
  const limits = { ...GUARANTEED, binding: 512 * 16 * 4 };
  const describe = (B: number): Promise<Demand> => demand(B, config);
  await expect(checkBatch(4, describe, limits)).rejects.toThrow(
    // chunks have 64 rows at least, so these 32 cannot be split further
    /binds 64.0 KiB of dlogits\[32,512\] at once, .* a batch of 2 instead of 4 would fit/,
  );
});

describe("an engine", () => {
  test("on the GPU refuses a plan by name and allocates nothing for it", async () => {
    const engine = new Executor(await openNodeGpu(), { budget: 50000 });
    await expect(setUp(engine, 3)).rejects.toThrow(/^step 8: .*budget is 48.8 KiB/);
    // the mask, written before
    expect(engine.memory.bytes).toEqual({ persistent: 3 * 8 * 4, slots: 0 });
    expect(engine.counts.buffers).toBe(1);
  });

  test("on the CPU has the limits of its memory", async () => {
    const engine = await CpuEngine.create();
    const tape = new Tape();
    zero(tape, persistent("vast", [2 ** 31]));
    await expect(engine.compile("clear", tape.calls)).rejects.toThrow(
      /^clear: .* takes 8.0 GiB of memory .* budget is 4.0 GiB/,
    );
  });

  test("counts what it holds already", async () => {
    const engine = await CpuEngine.create();
    await setUp(engine, 3);
    const before = engine.memory.bytes;
    const { plans } = await demand(3);
    const added = memoryPlan({ plans });
    const room = { ...GUARANTEED, budget: before.persistent + before.slots + added.persistent };
    const at = { plans };
    expect(() => {
      checkFits(at, room, engine.memory);
    }).not.toThrow();
    expect(() => {
      checkFits(at, { ...room, budget: room.budget - 1 }, engine.memory);
    }).toThrow(/with what is there already/);
  });

  test("has its memory guessed", () => {
    expect(guessBudget(2 ** 28)).toBe(2 ** 30);
    expect(guessBudget(2 ** 32, 8)).toBe(2 ** 32);
    expect(guessBudget(2 ** 28, 0.25)).toBe(2 ** 27);
  });
});

const model = gpt2(31, 64, 2, 4, 48);
const broken: readonly (readonly [Partial<GptConfig>, RegExp])[] = [
  [{ heads: 3 }, /card: width 64 does not divide into 3 heads/],
  [{ heads: 16 }, /width 64 in 16 heads makes heads of 4, expected 8 to 128/],
  [{ width: 129, heads: 1 }, /makes heads of 129, expected 8 to 128/],
  [{ layers: 0 }, /layers is 0, expected a positive whole number/],
  [{ vocabulary: 1.5 }, /vocabulary is 1.5/],
  [{ mlp: "relu" as "swiglu" }, /mlp is relu, expected gelu_tanh or gelu_erf or swiglu/],
];

test.each(broken)("a model of %o is refused", (change, sentence) => {
  const config = { ...model, ...change };
  expect(() => {
    checkModel("card", config);
  }).toThrow(sentence);
  expect(() => readCard({ card: JSON.stringify({ config }) }, "card")).toThrow(sentence);
});

test("a model in range is taken, and sequences up to its context or 1,024", () => {
  checkModel("card", model);
  checkColumns("card", model, 48);
  checkColumns("card", { ...model, positions: "rope" }, 1024);
  for (const [config, T] of [
    [model, 49],
    [{ ...model, context: 4096 }, 1025],
  ] as const) {
    expect(() => {
      checkColumns("card", config, T);
    }).toThrow(/are too long for a context of/);
  }
});

test("ranges make up the whole and start aligned", () => {
  const parts = ranges(1000, 192);
  expect(parts.map(({ at, length }) => [at, length])).toEqual([
    [0, 192],
    [192, 192],
    [384, 192],
    [576, 192],
    [768, 192],
    [960, 40],
  ]);
  expect(ranges(192, 192)).toHaveLength(1);
  expect(() => ranges(1000, 100)).toThrow(/100 elements cannot be bound/);
  expect(() => new Tape({ bindingLength: 0 })).toThrow(/a binding of 0 elements/);
});

const [N, DECAY_END, PART] = [20011, 9000, 8192];

/** An update, an average and a copy of flat buffers. */
function flatUpdate(bindingLength?: number): { tape: Tape; tensors: Record<string, Tensor> } {
  const names = ["values", "grads", "m", "v", "shadow", "copied", "cleared"] as const;
  const t = Object.fromEntries(names.map((name) => [name, persistent(name, [N])]));
  const tensors: Record<string, Tensor> = {
    ...t,
    state: persistent("state", [4]),
    knobs: persistent("knobs", [10]),
    decay: persistent("decay", [2]),
  };
  const of = (name: string): Tensor => tensors[name] as Tensor;
  const tape = new Tape(bindingLength === undefined ? {} : { bindingLength });
  globalNorm(tape, of("grads"), of("state"), of("knobs"));
  adamw(tape, of("values"), of("grads"), of("m"), of("v"), of("state"), of("knobs"), DECAY_END);
  ema(tape, of("shadow"), of("values"), of("decay"));
  copy(tape, of("values"), of("copied"));
  zero(tape, of("cleared"));
  return { tape, tensors };
}

function inputs(tensors: Record<string, Tensor>): [Tensor, Float32Array][] {
  const next = random(9);
  const filled = ["values", "grads", "m", "v", "shadow", "cleared"].map(
    (name): [Tensor, Float32Array] => [
      tensors[name] as Tensor,
      Float32Array.from({ length: N }, () => (name === "v" ? next() + 0.1 : next() - 0.5)),
    ],
  );
  const knobs = adamwKnobs(3, { learningRate: 0.05, weightDecay: 0.1, maxNorm: 2 });
  return [
    ...filled,
    [tensors["knobs"] as Tensor, knobs],
    [tensors["decay"] as Tensor, emaKnobs(0.9)],
  ];
}

test("flat buffers over a binding limit are updated in ranges, with the same result", async () => {
  const whole = flatUpdate();
  const split = flatUpdate(PART);
  const limits = { ...GUARANTEED, binding: PART * 4 };
  expect(() => {
    checkFits({ plans: [{ label: "whole", calls: whole.tape.calls }] }, limits);
  }).toThrow(/whole: global_norm_blocks binds 78.2 KiB of grads/);
  checkFits({ plans: [{ label: "split", calls: split.tape.calls }] }, limits);
  expect(split.tape.calls.filter(({ kernel }) => kernel.name === "adamw")).toHaveLength(3);
  const memory = new CpuMemory();
  for (const [tensor, values] of inputs(whole.tensors)) memory.write(tensor, values);
  runOnCpu(whole.tape.calls, memory);
  const gpu = new Executor(await openNodeGpu(), { binding: PART * 4 });
  const names = ["values", "m", "v", "shadow", "copied", "cleared", "state"];
  const tensors = names.map((name) => split.tensors[name] as Tensor);
  for (const engine of [await CpuEngine.create(), gpu]) {
    for (const [tensor, values] of inputs(split.tensors)) engine.memory.write(tensor, values);
    engine.run(await engine.compile("split", split.tape.calls));
    const got = await engine.memory.read(tensors);
    names.forEach((name, i) => {
      const expected = memory.of(whole.tensors[name] as Tensor);
      const errors = Array.from(got[i] ?? [], (value, at) => Math.abs(value - expected[at]!));
      expect(errors).toHaveLength(expected.length);
      expect(Math.max(...errors), `${name}, ${engine.name}`).toBeLessThan(2e-5);
    });
  }
});
