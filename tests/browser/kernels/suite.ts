// The page of the kernel suite: compiles every shader and runs kernel cases on the browser's own WebGPU.
import { openGpu } from "../../../src/gpu/device.ts";
import { Executor } from "../../../src/gpu/executor.ts";
import { shaderNames, shaderSource } from "../../../src/gpu/shader.ts";
import { buildCase, differences, variantDifferences } from "../../kernels/op-case.ts";
import type { OpCase } from "../../kernels/op-case.ts";

/** What the page offers to the test that drives it. */
export interface Suite {
  readonly adapter: () => Promise<string>;
  readonly cases: readonly string[];
  /** one line for every shader that the browser's compiler refuses, as it stands in wgsl/, if the device has what it needs */
  readonly compile: () => Promise<string[]>;
  /** one line for every output that differs from the CPU reference, or what went wrong instead */
  readonly run: (name: string) => Promise<string[]>;
}

const modules = import.meta.glob<{ cases: readonly OpCase[] }>("../../kernels/cases/*.ts", {
  eager: true,
});
const cases = Object.values(modules).flatMap((module) => module.cases);

let opened: Promise<Executor> | undefined;

function executor(): Promise<Executor> {
  opened ??= openGpu(navigator.gpu).then((gpu) => new Executor(gpu));
  return opened;
}

async function compile(): Promise<string[]> {
  const { device } = (await executor()).gpu;
  // Naga knows no subgroups yet; variants that need them are not offered there
  const known = (name: string): boolean =>
    device.features.has("subgroups") || !shaderSource(name).includes("enable subgroups;");
  const messages = shaderNames()
    .filter(known)
    .map(async (name) => {
      const module = device.createShaderModule({ label: name, code: shaderSource(name) });
      const info = await module.getCompilationInfo();
      return info.messages
        .filter(({ type }) => type === "error")
        .map(({ lineNum, message }) => `wgsl/${name}.wgsl:${String(lineNum)}: ${message}`);
    });
  return (await Promise.all(messages)).flat();
}

async function run(name: string): Promise<string[]> {
  const opCase = cases.find((candidate) => candidate.name === name);
  if (opCase === undefined) return [`${name}: there is no such case`];
  const on = await executor();
  on.gpu.device.pushErrorScope("validation");
  let found: string[];
  try {
    const built = buildCase(opCase);
    found = await differences(opCase, built, on);
    found.push(...(await variantDifferences(opCase, built, on)));
  } catch (error) {
    found = [error instanceof Error ? error.message : String(error)];
  }
  const invalid = await on.gpu.device.popErrorScope();
  if (invalid !== null) found.push(`WebGPU refused a command: ${invalid.message}`);
  on.memory.destroy();
  return found.map((line) => `${name}: ${line}`);
}

const suite: Suite = {
  adapter: async () => (await executor()).name,
  cases: cases.map(({ name }) => name),
  compile,
  run,
};
Object.assign(globalThis, { suite });
