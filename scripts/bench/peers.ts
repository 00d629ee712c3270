// Runs this engine and others through a peer harness, one after the other in the same browser, and sets them side by side.
import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { build } from "vite";
import { UsageError } from "../options.ts";
import type { Option, Options } from "../options.ts";
import { peerTables } from "./peer-table.ts";
import type { PeerResult } from "./peer-table.ts";
import type { Table } from "./table.ts";

export const PEER_OPTIONS: readonly Option[] = [
  { name: "peers", kind: "text", help: "folder of the peer harness; adds the section peers" },
  {
    name: "against",
    kind: "text",
    help: "peers, as NAME or NAME/VARIANT",
    fallback: "jaxjs,tfjs,jaxjs/wasm",
  },
  { name: "configs", kind: "text", help: "sizes of the harness", fallback: "S,M" },
  { name: "steps", kind: "number", help: "timed training steps of each peer", fallback: 3 },
];

export interface PeerOptions {
  readonly harness: string;
  /** ours in its variants first, then the others */
  readonly peers: readonly { readonly peer: string; readonly variant: string }[];
  readonly configs: readonly string[];
  readonly steps: number;
}

const OURS = "nudge";
const CONFIGS = ["XS", "S", "M"];
/** Tokens of an answer when sampling; measured at the first configuration only. */
const ANSWER = 32;
const TIMEOUT_S = 560;
const NOT_COPIED = new Set(["node_modules", "results", "dist"]);

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
  const ours = ["", "cpu"].map((variant) => ({ peer: OURS, variant }));
  return { harness, peers: [...ours, ...others], configs, steps };
}

/** Runs a program to its end. @returns its exit status and what it wrote */
function execute(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<{ status: number; output: string }> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", fail);
    child.on("close", (status) => done({ status: status ?? 1, output }));
  });
}

/** Installs the locked packages of the harness, or borrows those that its folder has already. */
async function install(harness: string, folder: string): Promise<void> {
  if (existsSync(join(harness, "node_modules"))) {
    symlinkSync(join(harness, "node_modules"), join(folder, "node_modules"));
    return;
  }
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  const strict = await execute("npm", ["ci", ...quiet], folder);
  if (strict.status === 0) return;
  // npm refuses a lock file that lacks optional packages of other platforms; install keeps its versions.
  console.log("npm ci refused the harness's lock file; npm install keeps the versions in it.");
  const loose = await execute("npm", ["install", ...quiet], folder);
  if (loose.status !== 0) {
    throw new UsageError(`The harness's packages cannot be installed: ${loose.output.trim()}`);
  }
}

/** Puts this engine beside the peers of a copy of the harness. */
async function addOurs(folder: string): Promise<void> {
  await build({
    root: process.cwd(),
    configFile: false,
    logLevel: "error",
    publicDir: false,
    build: {
      lib: { entry: "scripts/bench-peer.ts", formats: ["es"], fileName: () => "engine.js" },
      outDir: join(folder, OURS),
      emptyOutDir: true,
      target: "es2023",
    },
  });
  writeFileSync(
    join(folder, "peers", `${OURS}.js`),
    `import { nudgePeer } from "../${OURS}/engine.js";\nimport * as harness from "../common.js";\nexport default nudgePeer(harness);\n`,
  );
}

async function runPeer(
  folder: string,
  { peer, variant }: { peer: string; variant: string },
  config: string,
  { steps, gen }: { steps: number; gen: number },
): Promise<PeerResult> {
  const out = join(folder, "results", `${peer}-${variant}-${config}.json`);
  const flags = { peer, config, variant, steps, gen, warmup: 1, matmul: 0, pipelined: 0, quiet: 1 };
  const list = { ...flags, timeout: TIMEOUT_S, out };
  const args = Object.entries(list).flatMap(([name, value]) =>
    value === "" ? [] : [`--${name}`, String(value)],
  );
  const { output } = await execute(process.execPath, ["run.mjs", ...args], folder);
  const name = variant === "" ? peer : `${peer}/${variant}`;
  if (!existsSync(out)) return { ok: false, name, config, error: output.trim().slice(-300) };
  const result = JSON.parse(readFileSync(out, "utf8")) as object;
  return { ok: false, ...result, name, config };
}

/** One run of everything; the copy of the harness is removed at its end. */
export async function comparePeers(options: PeerOptions): Promise<Table[]> {
  const { harness, peers, configs, steps } = options;
  const folder = mkdtempSync(join(tmpdir(), "nudge-peers-"));
  try {
    const filter = (path: string): boolean => !NOT_COPIED.has(basename(path));
    cpSync(harness, folder, { recursive: true, filter });
    await install(harness, folder);
    await addOurs(folder);
    const results: PeerResult[] = [];
    for (const config of configs) {
      for (const peer of peers) {
        const gen = config === configs[0] ? ANSWER : 0;
        const result = await runPeer(folder, peer, config, { steps, gen });
        const said = result.ok ? `${String(result.stepMs)} ms a step` : result.error;
        console.log(`${config} ${result.name}: ${said ?? "no result"}`);
        results.push(result);
      }
    }
    return peerTables(results, configs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
