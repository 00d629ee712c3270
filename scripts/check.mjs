// npm run check: types, lint, format, Svelte, dead code and the size report; fails if any fails.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT, ensureDependencies, runMain } from "./setup.mjs";

/** @type {readonly (readonly [name: string, script: string, ...args: string[]])[]} */
const STEPS = [
  // The longest first: two steps run at a time.
  [
    "lint",
    "node_modules/eslint/bin/eslint.js",
    ...[".", "--max-warnings", "0", "--cache", "--cache-strategy", "content"],
    ...["--cache-location", ".cache/eslint/"],
  ],
  ["types", "node_modules/typescript/bin/tsc", "--noEmit", "-p", "."],
  [
    "svelte",
    "node_modules/svelte-check/bin/svelte-check",
    ...["--fail-on-warnings", "--tsconfig", "./tsconfig.json", "--output", "human"],
  ],
  [
    "format",
    "node_modules/prettier/bin/prettier.cjs",
    ...["--check", ".", "--log-level", "warn"],
    ...["--cache", "--cache-strategy", "content", "--cache-location", ".cache/prettier"],
  ],
  ["dead code", "node_modules/knip/bin/knip.js", "--no-progress"],
  ["size", "scripts/size.mjs"],
];
const LANES = 2;

/** @param {(typeof STEPS)[number]} step @returns {Promise<boolean>} whether it passed */
function run([name, script, ...args]) {
  const began = performance.now();
  const child = spawn(process.execPath, [join(ROOT, script), ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (/** @type {string} */ text) => (output += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      console.log(`${code === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
      if (code !== 0 || name === "size") console.log(output.trimEnd().replace(/^/gm, "  "));
      resolve(code === 0);
    });
  });
}

await runMain("check", async () => {
  ensureDependencies();
  const queue = [...STEPS];
  /** @type {string[]} */
  const failed = [];
  const lane = async () => {
    for (let step = queue.shift(); step; step = queue.shift())
      if (!(await run(step))) failed.push(step[0]);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  console.log(failed.length > 0 ? `check: failed: ${failed.join(", ")}` : "check: all passed");
  return failed.length > 0 ? 1 : 0;
});
