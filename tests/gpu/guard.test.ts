// Guarded calls: a flag of 0 leaves everything as it was, a flag of 1 changes no bit, on the GPU and on the CPU.
import { expect, test } from "vitest";
import { CpuEngine } from "../../src/cpu/engine.ts";
import { guarded } from "../../src/gpu/guard.ts";
import { shaderNames, shaderSource } from "../../src/gpu/shader.ts";
import { variantsOf } from "../../src/gpu/variants.ts";
import { gelu } from "../../src/kernels/gelu.ts";
import { linear, matmul } from "../../src/kernels/matmul.ts";
import type { Engine } from "../../src/plan/engine.ts";
import { printPlan } from "../../src/plan/print.ts";
import { CpuMemory, runOnCpu } from "../../src/plan/reference.ts";
import { Tape } from "../../src/plan/tape.ts";
import type { Call } from "../../src/plan/tape.ts";
import { persistent } from "../../src/plan/tensor.ts";
import type { Tensor } from "../../src/plan/tensor.ts";
import { executor } from "../support/gpu.ts";
import { normal, random } from "../support/random.ts";

const SENTINEL = 7;
/** odd sizes leave tiles half empty; the second factor serves every variant */
const [M, K, N] = [20, 64, 64];

interface Setting {
  readonly flag: Tensor;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly calls: readonly Call[];
}

/** A product, one with B transposed and one with GELU, all guarded or none. */
function setting(on: boolean): Setting {
  const tape = new Tape({ keep: true });
  const flag = persistent("flag", [3], "u32");
  const [x, w, b] = [persistent("x", [M, K]), persistent("w", [K, N]), persistent("b", [N])];
  const body = (): Tensor[] => {
    const y = linear(tape, x, w, b);
    return [y, matmul(tape, x, w, { M, N, K, TB: true }), gelu(tape, y)];
  };
  const outputs = on ? tape.guarded({ tensor: flag, index: 2 }, body) : body();
  return { flag, inputs: [x, w, b], outputs, calls: tape.calls };
}

const numbers = (length: number, seed: number): Float32Array => {
  const next = random(seed);
  return Float32Array.from({ length }, () => normal(next));
};

/** Outputs of a setting that held the sentinel before it ran. */
async function outputs(engine: Engine, made: Setting, value: number): Promise<number[][]> {
  const { memory } = engine;
  const plan = await engine.compile("guarded", made.calls);
  made.inputs.forEach((tensor, i) => {
    memory.write(tensor, numbers(tensor.storage.length, i + 1));
  });
  for (const tensor of made.outputs) {
    memory.write(tensor, new Float32Array(tensor.storage.length).fill(SENTINEL));
  }
  memory.write(made.flag, [5, 5, value]);
  engine.run(plan);
  return (await memory.read(made.outputs)).map((values) => [...values]);
}

async function expectGuarded(engine: Engine): Promise<void> {
  const made = setting(true);
  const skipped = await outputs(engine, made, 0);
  expect(skipped.flat().filter((value) => value !== SENTINEL)).toEqual([]);
  const ran = await outputs(engine, made, 1);
  expect(ran).toEqual(await outputs(engine, setting(false), 1));
  expect(ran.flat().filter((value) => value === SENTINEL)).toEqual([]);
}

test("every shader can be guarded", () => {
  for (const name of shaderNames()) {
    const code = guarded(name, shaderSource(name), 4);
    expect(code).toMatch(/for \(var turn = 0u; turn < guard_flag\[4\]; turn\+\+\) \{\n/);
  }
  const helper = "\nfn after() -> f32 {\n  return 1.0;\n}\n";
  expect(() => guarded("gelu", shaderSource("gelu") + helper, 0)).toThrow(
    "gelu: cannot guard wgsl/gelu.wgsl, expected it to end with main",
  );
});

test("the plain programs obey the flag", async () => {
  await expectGuarded(await executor());
});

test("the smallest variant of every file obeys the flag", async () => {
  const on = await executor();
  const found = setting(true).calls.flatMap((call) => variantsOf(call, on.choices.traits));
  // small tiles stand last in the list, and compile fastest
  const files = new Map(found.map(({ shader, title }) => [shader, title]));
  expect(files.size).toBeGreaterThan(0);
  for (const title of files.values()) {
    on.choices.forced = title;
    try {
      await expectGuarded(on);
    } finally {
      on.choices.forced = undefined;
    }
  }
});

test("the CPU engine obeys the flag, also after its memory has grown", async () => {
  const engine = await CpuEngine.create();
  await expectGuarded(engine);
  const made = setting(true);
  const plan = await engine.compile("before", made.calls);
  engine.memory.write(made.flag, [0, 0, 1]);
  engine.run(plan);
  engine.memory.write(persistent("large", [20_000_000]), [1]);
  engine.memory.write(made.flag, [0, 0, 0]);
  const [y] = made.outputs as [Tensor];
  engine.memory.write(y, new Float32Array(M * N).fill(SENTINEL));
  engine.run(plan);
  const [values] = await engine.memory.read([y]);
  expect(new Set(values)).toEqual(new Set([SENTINEL]));
});

test("the references obey the flag, and plans show it", () => {
  const {
    calls,
    flag,
    inputs,
    outputs: [y],
  } = setting(true);
  const memory = new CpuMemory();
  memory.write(inputs[0]!, numbers(M * K, 1));
  memory.write(inputs[1]!, numbers(K * N, 2));
  runOnCpu(calls, memory);
  expect(new Set(memory.of(y!))).toEqual(new Set([0]));
  memory.write(flag, [0, 0, 1]);
  runOnCpu(calls, memory);
  expect(new Set(memory.of(y!)).size).toBeGreaterThan(M);
  expect(
    printPlan(calls)
      .trimEnd()
      .split("\n")
      .every((line) => line.endsWith(" if flag[2]")),
  ).toBe(true);
});

test("a guard must outlive the plan", () => {
  const tape = new Tape();
  const lost = tape.scratch("flag", [1], "u32");
  expect(() => tape.guarded({ tensor: lost, index: 0 }, () => undefined)).toThrow(
    "guarded: element 0 of flag[1], expected one of a persistent u32 tensor",
  );
});
