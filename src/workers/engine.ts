// Which engine the page's worker runs on: a real GPU, or the CPU engine; the wish and the reason are told.
import { CpuEngine } from "../cpu/engine.ts";
import { GpuUnavailable, openGpu } from "../gpu/device.ts";
import type { Gpu } from "../gpu/device.ts";
import { Executor } from "../gpu/executor.ts";
import type { EngineNote, EngineWish } from "./protocol.ts";
import type { Host } from "./trainer.ts";

type Opened = Awaited<ReturnType<Host["openEngine"]>>;

function onGpu(gpu: Gpu): Opened {
  const engine = new Executor(gpu);
  // The page paints on the same GPU.
  engine.smoothness = "smooth";
  return {
    engine,
    kind: "gpu",
    software: gpu.software,
    lost: Promise.race([
      gpu.device.lost.then(
        ({ reason, message }) => `The GPU device was lost (${reason}: ${message})`,
      ),
      refused(gpu.device),
    ]),
    destroy: () => {
      gpu.device.destroy();
    },
  };
}

/** Resolves when the device refuses a command that nobody asked about: from then on its results mean nothing. */
function refused(device: GPUDevice): Promise<string> {
  return new Promise((resolve) => {
    const told = ({ error }: GPUUncapturedErrorEvent): void => {
      resolve(`The GPU refused a command (${error.message})`);
    };
    device.addEventListener("uncapturederror", told, { once: true });
  });
}

async function onCpu(note?: EngineNote): Promise<Opened> {
  const opened = {
    engine: await CpuEngine.create(),
    kind: "cpu" as const,
    software: true,
    destroy: () => undefined,
  };
  return note === undefined ? opened : { ...opened, note };
}

/**
 * A wish is followed where it can be; by itself a software adapter is not used, because the CPU engine is faster.
 * @throws Error named NoEngine, with both reasons, where neither works
 */
export async function pickEngine(
  entry: GPU | undefined,
  secure: boolean,
  wish: EngineWish,
): Promise<Opened> {
  let note: EngineNote | undefined;
  if (wish !== "cpu") {
    const gpu = await openGpu(entry, secure).catch((error: unknown) => {
      if (!(error instanceof GpuUnavailable)) throw error;
      note = { cause: error.problem, sentence: error.message };
    });
    if (gpu !== undefined && (wish === "gpu" || !gpu.software)) return onGpu(gpu);
    if (gpu !== undefined) {
      gpu.device.destroy();
      const sentence = `The only WebGPU adapter is software (${gpu.name}), which is slower than this page's own CPU engine.`;
      note = { cause: "software", sentence };
    }
  }
  try {
    return await onCpu(note);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const error = new Error(`The CPU engine cannot start either: ${why}.`, { cause });
    error.name = "NoEngine";
    throw error;
  }
}
