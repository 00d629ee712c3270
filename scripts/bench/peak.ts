// The peak of an adapter for the tables: on a software adapter by processor time, which a busy machine does not change.
import type { Gpu } from "../../src/gpu/device.ts";
import { measurePeak as measure } from "../../src/gpu/peak.ts";
import type { Peak as Measured } from "../../src/gpu/peak.ts";
import { cpuMs } from "./measure.ts";

export interface Peak extends Measured {
  /** true on a software adapter: both are per second of one core's processor time */
  readonly perCpuSecond: boolean;
}

/** Measures an adapter; takes some seconds on a software adapter. */
export async function measurePeak(gpu: Gpu): Promise<Peak> {
  const peak = await (gpu.software ? measure(gpu, cpuMs) : measure(gpu));
  return { ...peak, perCpuSecond: gpu.software };
}
