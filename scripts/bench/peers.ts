// Runs this engine and others through a peer harness, one after the other in Chromium or in Node, and sets them side by side.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "../options.ts";
import type { Option, Options } from "../options.ts";
import { bundle } from "./bundle.ts";
import { OURS, execute, inHarness } from "./harness.ts";
import { peerTables } from "./peer-table.ts";
import type { PeerResult } from "./peer-table.ts";
import { compareProducts } from "./product-table.ts";
import type { Table } from "./table.ts";

export const PEER_OPTIONS: readonly Option[] = [
  {
    name: "peers",
    kind: "text",
    help: "folder of the peer harness; adds the sections peers and products",
  },
  {
    name: "against",
    kind: "text",
    help: "peers, as NAME or NAME/VARIANT",
    fallback: "jaxjs,tfjs,jaxjs/wasm",
  },
  { name: "configs", kind: "text", help: "sizes of the harness", fallback: "S,M" },
  { name: "steps", kind: "number", help: "timed training steps of each peer", fallback: 3 },
  { name: "peer-minutes", kind: "number", help: "time for peers and products each", fallback: 30 },
];

export interface PeerOptions {
  readonly harness: string;
  /** ours in its variants first, then the others */
  readonly peers: readonly { readonly peer: string; readonly variant: string }[];
  readonly configs: readonly string[];
  readonly steps: number;
  readonly minutes: number;
  readonly in: "node" | "chromium";
}

const CONFIGS = ["XS", "S", "M"];
/** Tokens of an answer when sampling; measured at the first configuration only. */
const ANSWER = 32;
const TIMEOUT_S = 560;
/** With less than this left no further peer is started. */
const LEAST_S = 20;
/** What one peer may take of the time that is left. */
const SHARE = 0.6;

/** What is asked of the harness, or undefined without --peers. @throws UsageError with one sentence. */
export function readPeerOptions(o: Options): PeerOptions | undefined {
  if (o["peers"] === undefined) return undefined;
  const harness = resolve(String(o["peers"]));
  const configs = String(o["configs"]).split(",");
  const unknown = configs.find((name) => !CONFIGS.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `--configs names "${unknown}", expected some of ${CONFIGS.join(", ")}; nothing was run.`,
    );
  }
  const steps = Number(o["steps"]);
  if (!Number.isInteger(steps) || steps < 1) {
    throw new UsageError(`--steps is ${String(o["steps"])}, expected 1 or more; nothing was run.`);
  }
  const others = String(o["against"])
    .split(",")
    .filter((name) => name !== "")
    .map((name) => {
      const [peer = "", variant = ""] = name.split("/");
      return { peer, variant };
    });
  for (const file of ["run.mjs", ...others.map(({ peer }) => `peers/${peer}.js`)]) {
    if (existsSync(join(harness, file))) continue;
    throw new UsageError(
      `--peers ${String(o["peers"])}: there is no ${file} in that folder; nothing was run.`,
    );
  }
  const minutes = Number(o["peer-minutes"]);
  if (!(minutes > 0)) {
    throw new UsageError(
      `--peer-minutes is ${String(minutes)}, expected a number above 0; nothing was run.`,
    );
  }
  const ours = ["", "cpu"].map((variant) => ({ peer: OURS, variant }));
  const place = o["in"] === "node" ? "node" : "chromium";
  return { harness, peers: [...ours, ...others], configs, steps, minutes, in: place };
}

interface Asked {
  readonly steps: number;
  readonly gen: number;
  /** seconds */
  readonly timeout: number;
}

interface Peer {
  readonly peer: string;
  readonly variant: string;
}

/** The harness's own driver: one peer in a page of its own. */
async function inPage(
  folder: string,
  { peer, variant, config, ...asked }: Peer & Asked & { config: string },
  out: string,
): Promise<string> {
  const list = {
    peer,
    config,
    variant,
    ...asked,
    warmup: 1,
    matmul: 0,
    pipelined: 0,
    quiet: 1,
    out,
  };
  const args = Object.entries(list).flatMap(([name, value]) =>
    value === "" ? [] : [`--${name}`, String(value)],
  );
  return (await execute(process.execPath, ["run.mjs", ...args], folder)).output;
}

/** The same measuring in a Node process with Dawn in the place of navigator.gpu. */
async function inNode(
  folder: string,
  { peer, variant, config, steps, gen, timeout }: Peer & Asked & { config: string },
  out: string,
): Promise<string> {
  const entry = join(folder, `${peer}-entry.js`);
  writeFileSync(
    entry,
    `export { CONFIGS, instrument, runPeer } from "./common.js";\nexport { default as peer } from "./peers/${peer}.js";\n`,
  );
  const made = join(folder, "bundles", peer);
  if (!existsSync(made)) await bundle(entry, made, folder);
  const asked = { config, variant, steps, gen, warmup: 1, matmul: false, pipelined: 0 };
  const script = resolve("scripts/bench/peer-node.mjs");
  const args = [script, join(made, "engine.js"), out, JSON.stringify(asked)];
  const limited = ["-k", "5", String(timeout), process.execPath, ...args];
  return (await execute("timeout", limited, process.cwd())).output;
}

async function runPeer(
  folder: string,
  which: Peer,
  config: string,
  { in: place, ...asked }: Asked & Pick<PeerOptions, "in">,
): Promise<PeerResult> {
  const { peer, variant } = which;
  const out = join(folder, `result-${peer}-${variant}-${config}.json`);
  const all = { ...which, ...asked, config };
  const output = await (place === "node" ? inNode : inPage)(folder, all, out);
  const name = variant === "" ? peer : `${peer}/${variant}`;
  if (!existsSync(out)) {
    const said = output
      .replaceAll(/^Warning: .*$/gm, "")
      .trim()
      .slice(-300);
    const error = said === "" ? `no result within ${String(asked.timeout)} s` : said;
    return { ok: false, name, config, error };
  }
  const result = JSON.parse(readFileSync(out, "utf8")) as object;
  return { ok: false, ...result, name, config };
}

/** One run of everything, as long as there is time. */
export function comparePeers(options: PeerOptions): Promise<Table[]> {
  const { harness, peers, configs, steps, minutes, in: place } = options;
  return inHarness(harness, async (folder) => {
    const until = performance.now() + 60_000 * minutes;
    const results: PeerResult[] = [];
    for (const config of configs) {
      for (const peer of peers) {
        const gen = config === configs[0] ? ANSWER : 0;
        const timeout = Math.min(
          TIMEOUT_S,
          Math.floor((SHARE * (until - performance.now())) / 1000),
        );
        const name = peer.variant === "" ? peer.peer : `${peer.peer}/${peer.variant}`;
        const late = `left out: --peer-minutes ${String(minutes)} are over`;
        const result =
          timeout < LEAST_S
            ? { ok: false, name, config, error: late }
            : await runPeer(folder, peer, config, { steps, gen, timeout, in: place });
        const said = result.ok ? `${String(result.stepMs)} ms a step` : result.error;
        console.log(`${config} ${result.name}: ${said ?? "no result"}`);
        results.push(result);
      }
    }
    return peerTables(results, configs);
  });
}

/** Products of the sizes' training steps beside those of the peers that are named, in Chromium. */
export function compareAllProducts(options: PeerOptions): Promise<Table[]> {
  const { harness, peers, configs, minutes } = options;
  const names = peers.filter(({ variant }) => variant === "").map(({ peer }) => peer);
  return inHarness(harness, (folder) => compareProducts(folder, { names, configs, minutes }));
}
