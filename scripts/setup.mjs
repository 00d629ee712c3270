// What the commands share before they can work: locked dependencies and an up-to-date build.
// Only Node's own modules here: on a fresh clone nothing else is installed yet.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository, without a trailing slash. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");
export const DIST = join(ROOT, "dist");

/** Everything the build reads. */
const BUILD_INPUTS = [
  ...["DATASET.md", "LABELING-TOXICITY.md", "LABELING.md", "MODEL-CARD.md"].map((f) => `docs/${f}`),
  "docs/model-card-loss.svg",
  "index.html",
  "package-lock.json",
  "public",
  "scripts/headers.mjs",
  "src",
  "svelte.config.js",
  "tsconfig.json",
  "vite.config.ts",
  "wgsl",
];

/** A failure whose message is a whole sentence for the person at the terminal; no stack is shown. */
export class SetupError extends Error {}

/**
 * Runs a command in the repository with its output shown; a failure becomes a SetupError.
 * @param {string} what the step, as it appears in the error
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
export function runStep(what, command, args, env = process.env) {
  // On Windows npm is a .cmd file, which only a shell can start.
  const shell = process.platform === "win32" && command === "npm";
  const { error, status, signal } = spawnSync(command, args, {
    cwd: ROOT,
    env,
    shell,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (error) throw new SetupError(`${what} could not start ${command}: ${error.message}.`);
  if (status !== 0)
    throw new SetupError(`${what} failed with ${signal ?? `exit code ${status}`}; see above.`);
}

/**
 * Whether node_modules holds what the lock file asks for.
 * @param {string} root
 */
export function dependenciesAreInstalled(root = ROOT) {
  // npm writes this file last, so an interrupted install does not count.
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return false;
  const packages = (/** @type {string} */ path) =>
    /** @type {{ packages: Record<string, { version?: string, optional?: boolean }> }} */ (
      JSON.parse(readFileSync(path, "utf8"))
    ).packages;
  const have = packages(installed);
  return Object.entries(packages(join(root, "package-lock.json"))).every(
    ([path, { version, optional }]) =>
      path === "" || have[path]?.version === version || (optional && !have[path]),
  );
}

/** Installs the locked dependencies if they are missing or differ from the lock file. */
export function ensureDependencies() {
  if (dependenciesAreInstalled()) return;
  console.log("Installing the locked dependencies (npm ci) …");
  runStep("npm ci", "npm", ["ci"]);
}

/** @param {string} path a file or folder @returns {string[]} its files, in a fixed order */
function filesUnder(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesUnder(join(path, name)));
}

/** A hash over the names and contents of everything the build reads. */
function sourceHash() {
  const hash = createHash("sha256");
  for (const file of BUILD_INPUTS.flatMap((input) => filesUnder(join(ROOT, input)))) {
    const content = readFileSync(file);
    hash.update(`${file.slice(ROOT.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** Builds dist/ if it is missing or older than its sources. */
export function ensureBuild() {
  const stamp = join(ROOT, ".cache", "build-stamp");
  const sources = sourceHash();
  const built = existsSync(stamp) && existsSync(join(DIST, "index.html"));
  if (built && readFileSync(stamp, "utf8") === sources) return;
  console.log("Building the page (vite build) …");
  const vite = join(ROOT, "node_modules", "vite", "bin", "vite.js");
  runStep("vite build", process.execPath, [vite, "build", "--logLevel", "warn"]);
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  writeFileSync(stamp, sources);
}

/**
 * Runs a command's main function: a SetupError is printed as its sentence, with exit code 1.
 * @param {string} name the command, as errors name it
 * @param {() => Promise<number | undefined>} main resolves to the exit code, or to nothing to stay
 */
export async function runMain(name, main) {
  try {
    const code = await main();
    if (code !== undefined) process.exit(code);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`${name}: ${error.message}`);
    process.exit(1);
  }
}
