// The peak of an adapter for the tables: on a software adapter by processor time, which a busy machine does not change.
import type { Gpu } from "../../src/gpu/device.ts";
import { measurePeak as measure } from "../../src/gpu/peak.ts";
import type { Peak as Measured } from "../../src/gpu/peak.ts";
import { theHost } from "./host.ts";

/** Least length of a sample of the peak. */
const ENOUGH_MS = 40;

export interface Peak extends Measured {
  /** true on a software adapter: both are per second of one core's processor time */
  readonly perCpuSecond: boolean;
}

/** Measures an adapter; takes some seconds on a software adapter. */
export async function measurePeak(gpu: Gpu): Promise<Peak> {
  const host = theHost();
  const clock = (): number | Promise<number> => host.cpuMs();
  // a coarse clock needs longer samples
  const enough = Math.max(ENOUGH_MS, 20 * host.cpuStep);
  const peak = await (gpu.software ? measure(gpu, { clock, enough }) : measure(gpu));
  return { ...peak, perCpuSecond: gpu.software };
}
