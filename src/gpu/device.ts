// The one device: adapter, limits and features, and what to say when there is none or it is lost.

/** Why WebGPU cannot be used here. */
export type GpuProblem =
  | "insecure" // the page is not served over https or from localhost
  | "unsupported" // the browser has no navigator.gpu
  | "no-adapter" // requestAdapter() gave null
  | "no-device"; // requestDevice() failed

export class GpuUnavailable extends Error {
  readonly problem: GpuProblem;
  constructor(problem: GpuProblem, sentence: string) {
    super(sentence);
    this.name = "GpuUnavailable";
    this.problem = problem;
  }
}

export interface Gpu {
  readonly device: GPUDevice;
  readonly adapter: GPUAdapter;
  /** vendor, architecture and description in one line, for reports */
  readonly name: string;
  /** true when the adapter is a software rasteriser (SwiftShader, lavapipe) */
  readonly software: boolean;
}

const WANTED: readonly GPUFeatureName[] = ["shader-f16", "subgroups", "timestamp-query"];

function nameOf(info: GPUAdapterInfo): string {
  const parts = [info.vendor, info.architecture, info.description].filter((part) => part !== "");
  return parts.join(" ") || "unnamed adapter";
}

/**
 * Opens the best adapter of an entry point (`navigator.gpu`, or Dawn's in Node).
 * @throws GpuUnavailable with the cause and one sentence.
 */
export async function openGpu(entry: GPU | undefined, secure = true): Promise<Gpu> {
  if (!secure) {
    throw new GpuUnavailable(
      "insecure",
      "WebGPU needs a secure page: open this address over https or from localhost.",
    );
  }
  if (entry === undefined) {
    throw new GpuUnavailable(
      "unsupported",
      "This browser has no WebGPU: Chrome or Edge 113, Firefox 141 and Safari 26 have it.",
    );
  }
  const adapter = await entry.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) {
    throw new GpuUnavailable(
      "no-adapter",
      "The browser supports WebGPU but offers no adapter: the graphics driver is blocked or missing.",
    );
  }
  const device = await requestDevice(adapter);
  const name = nameOf(adapter.info);
  const software =
    adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|softpipe/i.test(name);
  return { device, adapter, name, software };
}

async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice({
      requiredFeatures: WANTED.filter((feature) => adapter.features.has(feature)),
      requiredLimits: {
        maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
        maxBufferSize: adapter.limits.maxBufferSize,
      },
    });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new GpuUnavailable(
      "no-device",
      `The adapter ${nameOf(adapter.info)} was found but gave no device: ${cause}`,
    );
  }
}
