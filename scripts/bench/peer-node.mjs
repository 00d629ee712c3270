// Plays the page of a peer harness in Node: WebGPU from Dawn, the harness's own measuring of one bundled peer.
// node scripts/bench/peer-node.mjs BUNDLE OUT OPTIONS, the last one as JSON
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { create, globals } from "webgpu";

const [bundle = "", out = "", text = "{}"] = process.argv.slice(2);
const gpu = create([]);
const navigator_ = { gpu, userAgent: "Node", hardwareConcurrency: 1 };
Object.defineProperty(globalThis, "navigator", { value: navigator_, configurable: true });
Object.assign(globalThis, globals, {
  window: globalThis,
  __cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
});

/** @typedef {{ config: string }} Asked */
/** @typedef {(peer: object, config: object, options: Asked) => Promise<object>} RunPeer */
let result;
try {
  const harness =
    /** @type {{ CONFIGS: Record<string, object>, instrument(): void, runPeer: RunPeer, peer: object }} */ (
      await import(pathToFileURL(bundle).href)
    );
  const asked = /** @type {Asked} */ (JSON.parse(text));
  harness.instrument();
  const config = harness.CONFIGS[asked.config] ?? {};
  result = { ok: true, ...(await harness.runPeer(harness.peer, config, asked)) };
} catch (error) {
  result = {
    ok: false,
    error: error instanceof Error ? (error.stack ?? error.message) : "unknown",
  };
}
writeFileSync(out, JSON.stringify(result));
// Dawn keeps worker threads alive.
process.exit(0);
