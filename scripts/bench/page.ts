// The bench in a page: opens an engine there, runs sections and hands their tables to the driver in Node.
import { CpuEngine } from "../../src/cpu/engine.ts";
import { openGpu } from "../../src/gpu/device.ts";
import { Executor } from "../../src/gpu/executor.ts";
import type { Opened } from "./bench.ts";
import { PROC_STEP_MS, useHost } from "./host.ts";
import type { Peak } from "./peak.ts";
import { runSections } from "./sections.ts";
import type { Job } from "./sections.ts";
import type { Table } from "./table.ts";

/** What the driver puts into the page before this module runs. */
interface Driver {
  readonly benchCpuMs: () => Promise<number>;
  readonly benchAdapter: (name: string, peak: Peak | null) => Promise<void>;
  readonly benchTables: (tables: readonly Table[]) => Promise<void>;
  /** with --js-flags=--expose-gc */
  readonly gc: () => void;
}

/** Chromium's own, not in any standard. */
interface Memory {
  readonly memory: { readonly usedJSHeapSize: number };
}

const driver = globalThis as unknown as Driver;

useHost({
  place: "Chromium",
  cpuMs: () => driver.benchCpuMs(),
  cpuStep: PROC_STEP_MS,
  heapBytes() {
    driver.gc();
    return (performance as unknown as Memory).memory.usedJSHeapSize;
  },
  async readFile(path) {
    const response = await fetch(`/${path}`);
    if (!response.ok) throw new Error(`bench: ${path} answered ${String(response.status)}`);
    return new Uint8Array(await response.arrayBuffer());
  },
});

async function open(engine: Job["engine"]): Promise<Opened> {
  if (engine === "cpu") {
    return {
      engine: await CpuEngine.create(),
      kind: "cpu",
      software: true,
      destroy: () => undefined,
    };
  }
  const gpu = await openGpu(navigator.gpu);
  const destroy = (): void => {
    gpu.device.destroy();
  };
  return { engine: new Executor(gpu), kind: "gpu", software: gpu.software, destroy };
}

async function run(job: Job): Promise<void> {
  await runSections(job, () => open(job.engine), {
    adapter: (name, peak) => void driver.benchAdapter(name, peak ?? null),
    tables: (tables) => void driver.benchTables(tables),
  });
}

Reflect.set(globalThis, "nudgeBench", run);
