// Dawn in Node: the entry point that plays navigator.gpu's part for scripts and tests.
import { create, globals } from "webgpu";
import { openGpu } from "./device.ts";
import type { Gpu } from "./device.ts";

// Dawn is collected in mid-run unless its instance stays referenced.
let instance: GPU | undefined;

/** Opens the default Vulkan adapter. @throws GpuUnavailable when there is none. */
export async function openNodeGpu(): Promise<Gpu> {
  Object.assign(globalThis, globals);
  instance ??= create([]);
  return openGpu(instance);
}
