// The CPU engine against the float64 references: every op case, a short training, growth and the committed module.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { MODULES, compileKernels } from "../../scripts/build-wasm.mjs";
import { CpuEngine } from "../../src/cpu/engine.ts";
import { NATIVE_NAMES, prepareNative } from "../../src/cpu/native.ts";
import { adamwKnobs } from "../../src/kernels/adamw.ts";
import { copy } from "../../src/kernels/copy.ts";
import { residualForward } from "../../src/kernels/residual.ts";
import { gpt2, gptSpecs } from "../../src/model/gpt.ts";
import { initialValues } from "../../src/model/init.ts";
import { layOut } from "../../src/model/parameters.ts";
import type { HostArray } from "../../src/plan/engine.ts";
import { CpuMemory, runOnCpu } from "../../src/plan/reference.ts";
import { Tape } from "../../src/plan/tape.ts";
import { persistent, view } from "../../src/plan/tensor.ts";
import type { Tensor } from "../../src/plan/tensor.ts";
import { lmInput, lmStep, rowPositions } from "../../src/rlhf/language-model.ts";
import { makeOptimiser } from "../../src/rlhf/optimiser.ts";
import { random } from "../support/random.ts";
import { buildCase, compared, runCpu, worst } from "../kernels/op-case.ts";
import type { OpCase } from "../kernels/op-case.ts";

const modules = import.meta.glob<{ cases: readonly OpCase[] }>("../kernels/cases/*.ts", {
  eager: true,
});
// f16 is refused here, see tests/rlhf/halves.test.ts
const cases = Object.values(modules)
  .flatMap((module) => module.cases)
  .filter(({ halves }) => halves === undefined);

describe.each(cases.map((c) => [c.name, c] as const))("%s", (_name, opCase) => {
  test.each([false, true])("the CPU engine equals the reference, fused %s", async (fused) => {
    const engine = await CpuEngine.create(fused);
    const built = buildCase(opCase);
    for (const [tensor, values] of built.inputs) {
      engine.memory.write(tensor, values as Float32Array);
    }
    engine.run(await engine.compile("case", built.tape.calls));
    const reference = runCpu(built, true);
    const tensors = compared(built);
    const actual = await engine.memory.read(tensors);
    tensors.forEach((tensor, i) => {
      const expected = reference.of(tensor);
      const { error, index, scale } = worst(expected, actual[i]!);
      const limit = (opCase.tolerance ?? 2e-5) * Math.max(1, scale);
      const message = `${tensor.name}[${String(index)}]: reference ${String(expected[index])}, CPU ${String(actual[i]![index])}`;
      expect(error, message).toBeLessThanOrEqual(limit);
    });
  });
});

test("relaxed SIMD is used where it is, and can be left out", async () => {
  expect((await CpuEngine.create()).name).toBe("CPU (WebAssembly SIMD, fused)");
  expect((await CpuEngine.create(false)).name).toBe("CPU (WebAssembly SIMD)");
});

test("every twin is exercised by a case", () => {
  const used = new Set<string>();
  const kernels = new Proxy({}, { get: () => () => 0 });
  for (const { kernel, consts } of cases.flatMap((opCase) => buildCase(opCase).tape.calls)) {
    const twin = prepareNative(kernel.name, consts, { kernels, at: () => 0, scratch: () => 0 });
    if (twin !== undefined) used.add(kernel.name);
  }
  expect([...used].sort()).toEqual([...NATIVE_NAMES].sort());
});

test("three training steps equal those of the references in float64", async () => {
  const config = gpt2(131, 16, 2, 2, 12);
  const parameters = layOut("policy", gptSpecs(config), true);
  const optimiser = makeOptimiser(parameters);
  const input = lmInput("test", 5, 11);
  const stats = persistent("stats", [2]);
  const { calls } = lmStep(config, parameters, optimiser, input, stats);
  const next = random(3);
  const token = (): number => Math.floor(next() * 131);
  const inputs: [Tensor, HostArray][] = [
    [parameters.values, initialValues(parameters, 1)],
    [input.tokens, Int32Array.from({ length: 55 }, token)],
    [input.targets, Int32Array.from({ length: 55 }, token)],
    [input.weights, Float32Array.from({ length: 55 }, (_, i) => (i % 7 === 0 ? 0 : 1))],
    [input.positions, rowPositions(5, 11)],
    [input.mask, new Uint32Array(55).fill(1)],
  ];
  const engine = await CpuEngine.create();
  const reference = new CpuMemory({ double: true });
  for (const [tensor, values] of inputs) {
    engine.memory.write(tensor, values);
    reference.write(tensor, values);
  }
  const plan = await engine.compile("step", calls);
  for (let step = 1; step <= 3; step++) {
    // The large eps keeps updates smooth where a gradient is nothing but rounding.
    const knobs = adamwKnobs(step, { learningRate: 0.01, eps: 1e-3, weightDecay: 0.1, maxNorm: 1 });
    engine.memory.write(optimiser.knobs, knobs);
    reference.write(optimiser.knobs, knobs);
    engine.run(plan);
    runOnCpu(calls, reference);
    const [loss, values] = await engine.memory.read([stats, parameters.values]);
    expect(loss![0]).toBeCloseTo(reference.of(stats)[0]!, 4);
    expect(loss![1]).toBe(reference.of(stats)[1]);
    expect(worst(reference.of(parameters.values), values!).error).toBeLessThan(2e-5);
  }
  expect(reference.of(stats)[0]).toBeLessThan(Math.log(131));
});

test("growth keeps contents, and plans compiled before it go on running", async () => {
  const engine = await CpuEngine.create();
  const tape = new Tape();
  const [x, f] = [persistent("x", [1000]), persistent("f", [1000])];
  const [y, copied] = [persistent("y", [1000]), persistent("copied", [1000])];
  // one call in WebAssembly and one by its reference, which holds views
  tape.call(residualForward, { x, f, y }, { N: 1000 });
  copy(tape, y, copied);
  engine.memory.write(
    x,
    Array.from({ length: 1000 }, (_, i) => i),
  );
  const plan = await engine.compile("sum", tape.calls);
  engine.run(plan);
  const before = engine.memory.buffer;
  const large = persistent("large", [20_000_000]);
  engine.memory.write(large, [7], 19_999_999);
  expect(engine.memory.buffer).not.toBe(before);
  engine.memory.write(f, new Float32Array(1000).fill(0.5));
  engine.run(plan);
  const [sum, read, end] = await engine.memory.read([copied, x, large]);
  expect(sum).toEqual(Float32Array.from({ length: 1000 }, (_, i) => i + 0.5));
  expect(read![999]).toBe(999);
  expect([end![0], end![19_999_999]]).toEqual([0, 7]);
});

test("a memory that cannot grow says for what", async () => {
  const { memory } = await CpuEngine.create();
  const huge = persistent("huge", [2_000_000_000]);
  expect(() => memory.write(huge, [1])).toThrow(/memory: .*huge/);
});

test("writes outside a tensor are refused", async () => {
  const { memory } = await CpuEngine.create();
  const four = persistent("four", [4]);
  expect(() => memory.write(four, [1, 2], 3)).toThrow("write: four holds 4 elements, got 2 at 3");
});

test("copy takes the part that a view shows", async () => {
  const { memory } = await CpuEngine.create();
  const [from, to] = [persistent("from", [128]), persistent("to", [64])];
  memory.write(
    from,
    Float32Array.from({ length: 128 }, (_, i) => i),
  );
  memory.copy(view(from, [64], 64), to);
  const [values] = await memory.read([to]);
  expect(values).toEqual(Float32Array.from({ length: 64 }, (_, i) => 64 + i));
});

test.each(Object.entries(MODULES))("%s is what its sources compile to", async (name, flags) => {
  const committed = readFileSync(new URL(`../../src/cpu/${name}`, import.meta.url));
  expect(Buffer.compare(committed, await compileKernels(flags))).toBe(0);
});
