// A copy of a peer harness in a temporary folder, its packages installed and this engine beside its peers.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { UsageError } from "../options.ts";
import { bundle } from "./bundle.ts";

export const OURS = "nudge";
const NOT_COPIED = new Set(["node_modules", "results", "dist"]);

/** Runs a program to its end. @returns its exit status and what it wrote */
export function execute(
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
  await bundle("scripts/bench-peer.ts", join(folder, OURS));
  writeFileSync(
    join(folder, "peers", `${OURS}.js`),
    `import { nudgePeer } from "../${OURS}/engine.js";\nimport * as harness from "../common.js";\nexport default nudgePeer(harness);\n`,
  );
}

/** Works in a copy of the harness, which is removed at the end. */
export async function inHarness<T>(
  harness: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "nudge-peers-"));
  try {
    const filter = (path: string): boolean => !NOT_COPIED.has(basename(path));
    cpSync(harness, folder, { recursive: true, filter });
    await install(harness, folder);
    await addOurs(folder);
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
