// The worker's side of the kernels page on the CPU engine and on this machine's adapter.
import { beforeAll, describe, expect, test, vi } from "vitest";
import { CpuEngine } from "../../src/cpu/engine.ts";
import { Executor } from "../../src/gpu/executor.ts";
import { openNodeGpu } from "../../src/gpu/node.ts";
import { shaderNames } from "../../src/gpu/shader.ts";
import { gpt2, gptSpecs } from "../../src/model/gpt.ts";
import { initialValues } from "../../src/model/init.ts";
import { layOut } from "../../src/model/parameters.ts";
import type { CompiledPlan, Engine } from "../../src/plan/engine.ts";
import { persistent } from "../../src/plan/tensor.ts";
import type { Tensor } from "../../src/plan/tensor.ts";
import { lmInput, lmStep } from "../../src/rlhf/language-model.ts";
import { makeOptimiser } from "../../src/rlhf/optimiser.ts";
import { Tape } from "../../src/plan/tape.ts";
import { geluForward } from "../../src/kernels/gelu.ts";
import { KernelTools } from "../../src/workers/kernel-tools.ts";

// The adapter's peak takes a software adapter half a minute, and is not what is tested here.
vi.mock("../../src/gpu/peak.ts", () => ({
  measurePeak: () => Promise.resolve({ gflops: 8, gigabytes: 4 }),
}));

/** Kernels with one program each: compiling variants takes a software adapter a minute. */
const ON_GPU = ["embedding", "layernorm", "attention", "attention_backward_key", "cross_entropy"];

interface Setting {
  readonly engine: Engine;
  readonly tools: KernelTools;
  /** held, because engines hold plans weakly */
  readonly plan: CompiledPlan;
  readonly values: Tensor;
}

async function setting(engine: Engine, running = false, width = 16): Promise<Setting> {
  const config = gpt2(67, width, 2, 2, 16);
  const parameters = layOut("policy", gptSpecs(config), true);
  const input = lmInput("rows", 2, 16);
  const optimiser = makeOptimiser(parameters);
  const { calls } = lmStep(config, parameters, optimiser, input, persistent("loss", [2]));
  const plan = await engine.compile("step", calls);
  engine.memory.write(parameters.values, initialValues(parameters, 1));
  engine.memory.write(optimiser.knobs, new Float32Array(10).fill(0.5));
  engine.memory.write(input.weights, new Float32Array(32).fill(1));
  const tools = new KernelTools(
    () => engine,
    () => running,
  );
  return { engine, tools, plan, values: parameters.values };
}

test("a call under a guard is checked and timed by itself, whatever the guard", async () => {
  const [x, y] = [persistent("x", [4096]), persistent("y", [4096])];
  const state = persistent("state", [5], "u32");
  const tape = new Tape();
  tape.guarded({ tensor: state, index: 4 }, () => {
    tape.call(geluForward, { x, y }, { N: 4096 });
  });
  const engine = await CpuEngine.create();
  // engines hold plans weakly
  const plan = await engine.compile("guarded", tape.calls);
  const tools = new KernelTools(
    () => engine,
    () => false,
  );
  const { programs } = await tools.check("gelu");
  expect(programs.map(({ outcome }) => outcome)).toEqual(["right"]);
  expect(plan.calls).toHaveLength(1);
  expect(plan.calls[0]?.guard).toBeDefined();
});

const OPEN: Record<string, () => Promise<Engine>> = {
  cpu: () => CpuEngine.create(),
  gpu: async () => new Executor(await openNodeGpu()),
};

describe.each(Object.keys(OPEN))("%s", (kind) => {
  let on: Setting;
  beforeAll(async () => {
    on = await setting((await OPEN[kind]?.()) as Engine);
  });

  test("the report holds every shader, and the calls of the plan are in its shapes", async () => {
    const report = await on.tools.report();
    expect(report.engine).toBe(kind);
    expect(Object.keys(report.sources)).toEqual(shaderNames());
    const calls = report.kernels.flatMap(({ shapes }) => shapes.flatMap((s) => s.calls));
    expect(calls.reduce((sum, { count }) => sum + count, 0)).toBe(on.plan.calls.length);
    expect(report.plans.map(({ label }) => label)).toEqual(["step"]);
    expect(report.plans[0]?.text.trimEnd().split("\n")).toHaveLength(on.plan.calls.length);
    const matmul = report.kernels.find(({ name }) => name === "matmul");
    expect(matmul?.about).toMatch(/4 x 4 tile/);
    expect(matmul?.shapes[0]?.bindings.map(({ name }) => name)).toContain("bias");
    expect(matmul?.shapes[0]?.chosen).toBe(kind === "cpu" ? "WebAssembly" : "plain");
    const code = await on.tools.code("matmul", matmul?.shapes[0]?.key ?? "", "plain");
    expect(code).toContain(`const M: u32 = ${String(matmul?.shapes[0]?.consts["M"])}u;`);
  });

  test("kernels of the plan are right in every program", async () => {
    const all = new Set(on.plan.calls.map(({ kernel }) => kernel.name));
    for (const name of kind === "gpu" ? ON_GPU : all) {
      const { programs, tolerance } = await on.tools.check(name);
      expect(programs.length).toBeGreaterThan(0);
      for (const { title, outcome, relative, message } of programs) {
        expect(outcome, `${name} ${title} ${String(relative)} ${message ?? ""}`).toBe("right");
        expect(relative).toBeLessThanOrEqual(tolerance);
      }
    }
  });

  test("measuring leaves the weights as they were", async () => {
    const [before] = await on.engine.memory.read([on.values]);
    const measure = await on.tools.measure("step");
    expect(measure.kernels.reduce((sum, { calls }) => sum + calls, 0)).toBe(on.plan.calls.length);
    expect(measure.kernels.some(({ milliseconds }) => milliseconds > 0)).toBe(true);
    expect(measure.peak === null).toBe(kind === "cpu");
    const [after] = await on.engine.memory.read([on.values]);
    expect(after).toEqual(before);
  });

  test("what cannot be done is one sentence", async () => {
    await expect(on.tools.check("rope")).rejects.toThrow("no compiled plan calls rope");
    await expect(on.tools.measure("gone")).rejects.toThrow('no plan "gone"');
    const playing = await setting(on.engine, true);
    await expect(playing.tools.check("matmul")).rejects.toThrow("pause it first");
    if (kind === "cpu") await expect(on.tools.tune(() => 0)).rejects.toThrow("nothing was tuned");
  });
});

test("tuning is stopped after the call at hand, and shows its candidates", async () => {
  const engine = new Executor(await openNodeGpu());
  const plans: CompiledPlan[] = [];
  for (const width of [8, 16]) {
    const { plan } = await setting(new Executor(engine.gpu), false, width);
    const calls = plan.calls.filter(({ kernel }) => kernel.name === "adamw");
    plans.push(await engine.compile(`update ${String(width)}`, calls));
  }
  const tools = new KernelTools(
    () => engine,
    () => false,
  );
  const seen: number[] = [];
  const result = await tools.tune((done) => {
    seen.push(done);
    void tools.stopTuning();
  });
  expect(seen).toEqual([1]);
  expect(result).toMatchObject({ tuned: 1, left: 1 });
  expect(plans).toHaveLength(2);
  const { kernels } = await tools.report();
  const found = kernels.flatMap(({ shapes }) => shapes.flatMap((s) => s.candidates ?? []));
  expect(found.filter(({ outcome }) => outcome === "chosen")).toHaveLength(1);
});
