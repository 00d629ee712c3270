// Which of the four reasons keeps this page from WebGPU, and what a person can do about it.

import type { GpuProblem } from "../gpu/device.ts";

/** The four that src/gpu/device.ts tells apart, a software adapter, and a model that would not load. */
export type EngineCause = GpuProblem | "software" | "no-model";

export interface GpuAdvice {
  readonly title: string;
  readonly meaning: string;
  readonly steps: readonly string[];
}

export const ADVICE: Readonly<Record<EngineCause, GpuAdvice>> = {
  insecure: {
    title: "This address is not secure, so the browser hides WebGPU from it.",
    meaning: "Browsers offer WebGPU only to pages opened over https or from localhost.",
    steps: [
      "Open the same page over https://",
      "or run it yourself and open http://localhost:4173",
    ],
  },
  unsupported: {
    title: "This browser has no WebGPU.",
    meaning: "It is too old for it, or WebGPU is switched off in its settings.",
    steps: [
      "Chrome or Edge: version 113 or newer on Windows, macOS and ChromeOS; 121 on Android",
      "Firefox: 141 or newer on Windows, 145 on Macs with Apple silicon",
      "Safari: 26 or newer",
    ],
  },
  "no-adapter": {
    title: "The browser has WebGPU but was given no graphics adapter.",
    meaning: "The driver is blocked or missing: typical of remote desktops and virtual machines.",
    steps: [
      "Turn on “Use graphics acceleration” in the browser's system settings and restart it",
      "Update the graphics driver",
      "On Linux, Chrome 144 supports recent Intel and 147 NVIDIA graphics",
    ],
  },
  "no-device": {
    title: "A graphics adapter was found, but it would not open.",
    meaning: "The adapter lacks something this page needs, or another program holds it.",
    steps: ["Close other pages that use the graphics card, then reload", "Restart the browser"],
  },
  software: {
    title: "The only graphics adapter here is software.",
    meaning: "The browser computes graphics on the processor, as it does in many virtual machines.",
    steps: [
      "Turn on “Use graphics acceleration” in the browser's system settings and restart it",
      "Update the graphics driver",
    ],
  },
  "no-model": {
    title: "The model could not be loaded.",
    meaning: "The engine itself looks fine.",
    steps: ["Check again, in case the connection was interrupted", "Reload the page"],
  },
};

/** What the page itself can see; null when WebGPU looks usable. Asks for an adapter, opens none. */
export async function findGpuCause(): Promise<GpuProblem | null> {
  if (!isSecureContext) return "insecure";
  const gpu = (navigator as { gpu?: GPU }).gpu;
  if (gpu === undefined) return "unsupported";
  try {
    return (await gpu.requestAdapter()) === null ? "no-adapter" : null;
  } catch {
    return "no-adapter";
  }
}
