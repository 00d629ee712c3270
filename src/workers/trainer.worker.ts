// The trainer worker: owns the one device, answers the page through Comlink.
import { expose } from "comlink";
import { openGpu } from "../gpu/device.ts";
import { Executor } from "../gpu/executor.ts";
import { Trainer } from "./trainer.ts";
import type { Host } from "./trainer.ts";

/** The page's folder: the worker's script lies in assets/ beside models/ in the build. */
const base = import.meta.env.PROD
  ? new URL("../", self.location.href)
  : new URL("/", self.location.href);

const host: Host = {
  async openEngine() {
    const gpu = await openGpu(navigator.gpu, self.isSecureContext);
    return {
      engine: new Executor(gpu),
      software: gpu.software,
      lost: gpu.device.lost.then(({ reason, message }) => `${reason}: ${message}`),
      destroy: () => {
        gpu.device.destroy();
      },
    };
  },
  async load(file) {
    const response = await fetch(new URL(file, base));
    if (!response.ok) {
      throw new Error(
        `${file}: the server answered ${String(response.status)}; reload the page to try again.`,
      );
    }
    return new Uint8Array(await response.arrayBuffer());
  },
};

expose(new Trainer(host));
