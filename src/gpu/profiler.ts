// Times every call of a plan with time stamps that the GPU writes itself.
import type { Counts } from "../plan/engine.ts";
import type { Recorder, Step } from "./recorder.ts";

const RESOLVE = 0x200 | 0x4; // QUERY_RESOLVE | COPY_SRC
const STAGING = 0x1 | 0x8; // MAP_READ | COPY_DST
const MAP_READ = 0x1;
/** WebGPU's limit for a query set. */
const MOST_QUERIES = 4096;

/** Whether a device can time a plan of so many steps. */
export function canTime(device: GPUDevice, steps: number): boolean {
  return device.features.has("timestamp-query") && 2 * steps <= MOST_QUERIES;
}

/**
 * Runs steps once, each in a pass of its own, in submits of about `limit` milliseconds by `costs`.
 * @returns milliseconds of each step; Dawn and browsers round them to 0.1 ms unless told otherwise.
 * Rejects when the device is lost.
 */
export async function timeSteps(
  device: GPUDevice,
  recorder: Recorder,
  counts: Counts,
  steps: readonly Step[],
  { costs, limit }: { costs: Float64Array; limit: number },
): Promise<Float64Array> {
  const count = 2 * steps.length;
  const querySet = device.createQuerySet({ type: "timestamp", count });
  const resolved = device.createBuffer({ label: "times", size: 8 * count, usage: RESOLVE });
  const staging = device.createBuffer({ label: "times", size: 8 * count, usage: STAGING });
  counts.buffers += 2;
  recorder.addTimed(steps, costs, { limit, querySet });
  const commands = recorder.commands();
  commands.resolveQuerySet(querySet, 0, count, resolved, 0);
  commands.copyBufferToBuffer(resolved, 0, staging, 0, 8 * count);
  recorder.submit();
  counts.readBacks++;
  counts.readBytes += 8 * count;
  try {
    await staging.mapAsync(MAP_READ);
    const nanoseconds = new BigUint64Array(staging.getMappedRange());
    return Float64Array.from(steps, (_, i) => {
      const [start = 0n, end = 0n] = nanoseconds.subarray(2 * i, 2 * i + 2);
      // Clocks may be reset between passes; WebGPU allows an end before its beginning.
      return end > start ? Number(end - start) / 1e6 : 0;
    });
  } finally {
    staging.destroy();
    resolved.destroy();
    querySet.destroy();
  }
}
