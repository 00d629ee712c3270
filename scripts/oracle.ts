// npm run oracle -- DIR: runs every oracle case of a folder on this machine's WebGPU adapter.
import { Executor } from "../src/gpu/executor.ts";
import { openNodeGpu } from "../src/gpu/node.ts";
import { SLACK } from "../src/oracle/bench.ts";
import type { Activations } from "../src/oracle/bench.ts";
import { VectorsError, readVectors } from "../src/oracle/manifest.ts";
import { isModelCase, runCase } from "../src/oracle/run.ts";

const DEFAULT_FOLDER = "tests/fixtures/oracle";

/** The words before and after an option `--activations KIND`. */
function withoutOption(args: readonly string[]): {
  rest: readonly string[];
  activations: string | undefined;
} {
  const at = args.indexOf("--activations");
  if (at < 0) return { rest: args, activations: "f32" };
  return { rest: args.toSpliced(at, 2), activations: args[at + 1] };
}

/**
 * `[DIR] [--activations f16]`. Prints the adapter, one line per failing output and `N passed, N failed` in cases.
 * @returns 0 when every case passed, 1 when one failed, 2 when the folder cannot be used.
 */
export async function main(args: readonly string[]): Promise<number> {
  const { rest: words, activations } = withoutOption(args);
  const [folder = DEFAULT_FOLDER, ...rest] = words;
  if (activations !== "f16" && activations !== "f32") {
    console.error(
      `oracle: --activations needs f16 or f32, got ${activations ?? "nothing"}; nothing was run.`,
    );
    return 2;
  }
  if (rest.length > 0 || folder.startsWith("-")) {
    console.error(`oracle: got ${args.join(" ")}, expected one folder with oracle vectors.`);
    return 2;
  }
  try {
    return await runFolder(folder, activations);
  } catch (error) {
    if (!(error instanceof VectorsError)) throw error;
    console.error(`oracle: ${error.message}`);
    return 2;
  }
}

async function runFolder(folder: string, activations: Activations): Promise<number> {
  const vectors = await readVectors(folder);
  const gpu = await openNodeGpu();
  console.log(`adapter: ${gpu.name}`);
  const executor = new Executor(gpu);
  const half = activations === "f16";
  const cases = half ? vectors.cases.filter(isModelCase) : vectors.cases;
  if (half) {
    console.log(
      `f16 activations: the ${String(cases.length)} cases of whole networks, at ${String(SLACK.f16)} times their tolerances`,
    );
  }
  let failed = 0;
  for (const item of cases) {
    const { failures } = await runCase(executor, item, vectors, activations);
    for (const line of failures) console.log(line);
    if (failures.length > 0) failed++;
  }
  console.log(`${String(cases.length - failed)} passed, ${String(failed)} failed`);
  return failed === 0 ? 0 : 1;
}
