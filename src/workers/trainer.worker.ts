// The trainer worker: owns the one engine, answers the page through Comlink.
import { expose } from "comlink";
import { pickEngine } from "./engine.ts";
import { StoredTrainer } from "./stored-trainer.ts";
import type { Host } from "./trainer.ts";
import { indexedDbCache, tuneInBackground } from "./tuning.ts";

/** The page's folder: the worker's script lies in assets/ beside models/ in the build. */
const base = import.meta.env.PROD
  ? new URL("../", self.location.href)
  : new URL("/", self.location.href);

const cache = indexedDbCache();
const host: Host = {
  tune: (engine, software) => tuneInBackground(engine, software, cache),
  openEngine: (wish) => pickEngine((navigator as { gpu?: GPU }).gpu, isSecureContext, wish),
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

expose(new StoredTrainer(host));
