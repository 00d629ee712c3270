// Which engine a script runs on: WebGPU through Dawn, or the CPU engine.
import { CpuEngine } from "../src/cpu/engine.ts";
import { GpuUnavailable } from "../src/gpu/device.ts";
import { Executor } from "../src/gpu/executor.ts";
import { openNodeGpu } from "../src/gpu/node.ts";
import type { Engine } from "../src/plan/engine.ts";
import { UsageError } from "./options.ts";

/** `cpu` or `gpu`; without a wish a real GPU, and the CPU where there is only a software adapter. */
export async function openEngine(wish: string | undefined): Promise<{
  engine: Engine;
  kind: "gpu" | "cpu";
  software: boolean;
  destroy: () => void;
}> {
  if (wish !== undefined && wish !== "cpu" && wish !== "gpu") {
    throw new UsageError(`--engine needs cpu or gpu, got "${wish}"; nothing was run.`);
  }
  if (wish !== "cpu") {
    const gpu = await openNodeGpu().catch((error: unknown) => {
      if (wish === "gpu" || !(error instanceof GpuUnavailable)) throw error;
    });
    if (gpu !== undefined && (wish === "gpu" || !gpu.software)) {
      const destroy = (): void => {
        gpu.device.destroy();
      };
      return { engine: new Executor(gpu), kind: "gpu", software: gpu.software, destroy };
    }
  }
  const engine = await CpuEngine.create();
  return { engine, kind: "cpu", software: true, destroy: () => undefined };
}
