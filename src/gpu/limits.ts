// The limits of a device as plans are held to them, and a guess of the memory that nobody tells.
import type { Limits } from "../plan/fits.ts";

const GIB = 2 ** 30;

/**
 * WebGPU does not say how much memory an adapter has. The guess: four buffers of the largest size that it allows, but
 * not more than half of the machine's memory where the browser tells it (navigator.deviceMemory, in GiB, rounded and
 * at most 8 in some).
 */
export function guessBudget(maxBufferSize: number, deviceMemory?: number): number {
  return Math.min(
    4 * maxBufferSize,
    deviceMemory === undefined ? Infinity : (deviceMemory * GIB) / 2,
  );
}

/** What a device allows. */
export function limitsOf({ limits, features }: GPUDevice): Limits {
  const host = globalThis as { readonly navigator?: { readonly deviceMemory?: number } };
  return {
    binding: limits.maxStorageBufferBindingSize,
    buffer: limits.maxBufferSize,
    bindings: limits.maxStorageBuffersPerShaderStage,
    groups: limits.maxComputeWorkgroupsPerDimension,
    f16: features.has("shader-f16"),
    budget: guessBudget(limits.maxBufferSize, host.navigator?.deviceMemory),
  };
}
