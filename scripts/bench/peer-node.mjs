// Plays the page of a peer harness in Node: WebGPU from Dawn, the harness's own measuring of one bundled peer.
// node scripts/bench/peer-node.mjs BUNDLE OUT OPTIONS, the last one as JSON
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { create, globals } from "webgpu";

const [bundle = "", out = "", text = "{}"] = process.argv.slice(2);
const gpu = create([]);
const navigator_ = { gpu, userAgent: "Node", hardwareConcurrency: 1 };
Object.defineProperty(globalThis, "navigator", { value: navigator_, configurable: true });
// the file of scripts/tuning.ts, so that both find each other's choices
const CHOICES = ".cache/tuning.json";
const choices = /** @type {Record<string, string>} */ (
  existsSync(CHOICES) ? JSON.parse(readFileSync(CHOICES, "utf8")) : {}
);
const nudgeTuning = {
  /** @param {string} key */
  get: (key) => Promise.resolve(choices[key]),
  /** @param {string} key @param {string} title */
  set(key, title) {
    choices[key] = title;
    mkdirSync(dirname(CHOICES), { recursive: true });
    writeFileSync(CHOICES, `${JSON.stringify(choices, null, 1)}\n`);
    return Promise.resolve();
  },
};
// Chromium has iterator helpers, Node only from version 22 on; peers use them
const iterators = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
/** @type {Record<string, (this: Iterable<unknown>, ...args: never[]) => unknown>} */
const helpers = {
  /** @param {(value: unknown, index: number) => unknown} f */
  *map(f) {
    let i = 0;
    for (const value of this) yield f(value, i++);
  },
  /** @param {(value: unknown, index: number) => boolean} f */
  *filter(f) {
    let i = 0;
    for (const value of this) if (f(value, i++)) yield value;
  },
  toArray() {
    return [...this];
  },
};
for (const [name, value] of Object.entries(helpers)) {
  if (name in iterators) continue;
  Object.defineProperty(iterators, name, { value, writable: true, configurable: true });
}
Object.assign(globalThis, globals, {
  window: globalThis,
  nudgeTuning,
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
writeFileSync(out, JSON.stringify({ ...result, loadavgEnd: loadavg()[0] }));
// Dawn keeps worker threads alive.
process.exit(0);
