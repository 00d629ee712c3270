// npm test: makes the machine ready, builds the page, runs every test, ends with the count.
// Arguments go to vitest: npm test -- tests/plan
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { chooseAdapter, useAdapter } from "./adapter-env.mjs";
import { ROOT, SetupError, ensureBuild, ensureDependencies, runMain } from "./setup.mjs";
import { ensureSystemPackages } from "./system.mjs";
import { countResults, summary } from "./test-results.mjs";

const RESULTS = join(ROOT, ".cache", "test-results.json");

/** @param {readonly string[]} filters */
function runVitest(filters) {
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  rmSync(RESULTS, { force: true });
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${RESULTS}`];
  const { status } = spawnSync(process.execPath, [vitest, "run", ...reporters, ...filters], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const json = existsSync(RESULTS) ? readFileSync(RESULTS, "utf8") : undefined;
  return countResults(json, status === 0);
}

function prepare() {
  const ownDriver = ["given", "gpu"].includes(chooseAdapter().kind);
  for (const problem of ensureSystemPackages(ownDriver)) console.error(`test: ${problem}.`);
  console.log(`Adapter for Dawn in Node: ${useAdapter().label}`);
  ensureDependencies();
  ensureBuild();
}

await runMain("test", async () => {
  let counts = { passed: 0, failed: 1, skipped: 0 };
  try {
    prepare();
    counts = runVitest(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    // Printed here, so that the count stays the last line; a step that failed counts as a failure.
    console.log(`test: ${error.message} No test was run.`);
  }
  console.log(summary(counts));
  return counts.failed > 0 || counts.passed === 0 ? 1 : 0;
});
