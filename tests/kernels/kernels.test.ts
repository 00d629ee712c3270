// The generic tests of every op: derived backward against finite differences, WGSL against the CPU reference.
import { describe, expect, test } from "vitest";
import type { Executor } from "../../src/gpu/executor.ts";
import { bindingsOf, halvable, paramsOf, shaderNames, shaderSource } from "../../src/gpu/shader.ts";
import { variantsOf } from "../../src/gpu/variants.ts";
import { CpuMemory, runOnCpu } from "../../src/plan/reference.ts";
import type { Call } from "../../src/plan/tape.ts";
import { size } from "../../src/plan/tensor.ts";
import { executor } from "../support/gpu.ts";
import { random } from "../support/random.ts";
import {
  buildCase,
  differences,
  objective,
  runCpu,
  variantDifferences,
  variantsOfCase,
} from "./op-case.ts";
import type { Built, OpCase } from "./op-case.ts";

const modules = import.meta.glob<{ cases: readonly OpCase[] }>("./cases/*.ts", { eager: true });
const cases = Object.values(modules).flatMap((module) => module.cases);
const SAMPLES = 8;
const STEP = 1e-5;

/** Central difference of the objective in one element of one input, in float64. */
function slope(built: Built, element: number, input: number): { numeric: number; derived: number } {
  const tensor = built.differentiable[input]!;
  const at = (shift: number): number => {
    const memory = new CpuMemory({ double: true });
    for (const [other, values] of built.inputs) memory.write(other, values);
    memory.of(tensor)[element]! += shift;
    runOnCpu(built.tape.calls, memory);
    return objective(built, memory);
  };
  const derived = runCpu(built, true).of(tensor.gradient!)[element]!;
  return { numeric: (at(STEP) - at(-STEP)) / (2 * STEP), derived };
}

function checkSlopes(built: Built, input: number): void {
  const tensor = built.differentiable[input]!;
  const next = random(2 + input);
  const length = size(tensor.shape);
  for (let sample = 0; sample < Math.min(SAMPLES, length); sample++) {
    const element = Math.floor(next() * length);
    const { numeric, derived } = slope(built, element, input);
    const scale = Math.max(1, Math.abs(numeric));
    expect(Math.abs(numeric - derived) / scale, `${tensor.name}[${String(element)}]`).toBeLessThan(
      1e-5,
    );
  }
}

function checkShader({ kernel, bindings, consts }: Call): void {
  const source = shaderSource(kernel.name);
  const declared = bindingsOf(source);
  expect(declared.length, `${kernel.name}: bindings`).toBeLessThanOrEqual(8);
  expect(
    declared
      .filter((b) => b.writable)
      .map((b) => b.name)
      .sort(),
  ).toEqual([...kernel.writes].sort());
  expect(Object.keys(bindings).sort()).toEqual(declared.map((b) => b.name).sort());
  expect(Object.keys(consts).sort()).toEqual(paramsOf(source).sort());
}

/** True on SwiftShader: it must refuse the twins in halves. */
function lacksHalves({ halves }: OpCase, { limits }: Executor): boolean {
  return halves !== undefined && !limits.f16;
}

const used = new Set<string>();
const tried = new Set<string>();

describe.each(cases.map((c) => [c.name, c] as const))("%s", (_name, opCase) => {
  const built = buildCase(opCase);
  for (const call of built.tape.calls) used.add(call.kernel.name);

  test("shader and binding agree", () => {
    built.tape.calls.forEach(checkShader);
  });

  if (opCase.finiteDifferences !== false && built.differentiable.length > 0) {
    test("derived backward equals finite differences", () => {
      built.differentiable.forEach((_, input) => {
        checkSlopes(built, input);
      });
    });
  }

  test("WGSL equals the reference", async () => {
    const on = await executor();
    if (lacksHalves(opCase, on)) {
      await expect(differences(opCase, built, on)).rejects.toThrow(
        /needs an adapter with shader-f16/,
      );
    } else expect(await differences(opCase, built, on)).toEqual([]);
  });

  if (opCase.variants !== undefined) {
    test("every variant that applies equals the reference", async () => {
      const on = await executor();
      if (lacksHalves(opCase, on)) return;
      for (const { shader, title } of variantsOfCase(opCase, built, on)) {
        used.add(shader);
        tried.add(title);
      }
      expect(await variantDifferences(opCase, built, on)).toEqual([]);
    });
  }
});

test("every alias of an element type is named after a binding", () => {
  for (const name of shaderNames()) {
    const source = shaderSource(name);
    const bindings = bindingsOf(source).map((binding) => binding.name);
    expect(bindings, name).toEqual(expect.arrayContaining([...halvable(source)]));
  }
});

test("every alias is bound to halves by a case", () => {
  const halved = new Set<string>();
  for (const { kernel, bindings } of cases.flatMap((opCase) => buildCase(opCase).tape.calls)) {
    for (const [name, { dtype }] of Object.entries(bindings)) {
      if (dtype === "f16") halved.add(`${kernel.name} ${name}`);
    }
  }
  const kernels = new Set(cases.flatMap((c) => buildCase(c).tape.calls.map((call) => call.kernel)));
  const offered = [...kernels].flatMap(({ name }) =>
    [...halvable(shaderSource(name))].map((binding) => `${name} ${binding}`),
  );
  expect(offered.filter((pair) => !halved.has(pair))).toEqual([]);
});

test("every shader is exercised by a case", () => {
  expect(shaderNames().filter((name) => !used.has(name))).toEqual([]);
});

test("every variant that this adapter can run is exercised by a case", async () => {
  const { traits } = (await executor()).choices;
  const calls = cases.flatMap((opCase) => buildCase(opCase).tape.calls);
  const possible = calls.flatMap((call) => variantsOf(call, traits).map(({ title }) => title));
  expect([...new Set(possible)].filter((title) => !tried.has(title))).toEqual([]);
});
