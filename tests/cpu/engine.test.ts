// The CPU engine against the float64 references: every op case, a short training, growth and the committed module.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compileKernels } from "../../scripts/build-wasm.mjs";
import { CpuEngine } from "../../src/cpu/engine.ts";
import { buildCase, compared, runCpu, worst } from "../kernels/op-case.ts";
import type { OpCase } from "../kernels/op-case.ts";

const modules = import.meta.glob<{ cases: readonly OpCase[] }>("../kernels/cases/*.ts", {
  eager: true,
});
const cases = Object.values(modules).flatMap((module) => module.cases);

describe.each(cases.map((c) => [c.name, c] as const))("%s", (_name, opCase) => {
  test("the CPU engine equals the reference", async () => {
    const engine = await CpuEngine.create();
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

test("the committed module is what its sources compile to", async () => {
  const committed = readFileSync(new URL("../../src/cpu/kernels.wasm", import.meta.url));
  expect(Buffer.compare(committed, await compileKernels())).toBe(0);
});
