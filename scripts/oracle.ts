// npm run oracle -- DIR: runs every oracle case of a folder on this machine's WebGPU adapter.
import { Executor } from "../src/gpu/executor.ts";
import { openNodeGpu } from "../src/gpu/node.ts";
import { VectorsError, readVectors } from "../src/oracle/manifest.ts";
import { runCase } from "../src/oracle/run.ts";

const DEFAULT_FOLDER = "tests/fixtures/oracle";

/**
 * Prints the adapter, one line per failing output and `N passed, N failed` in cases.
 * @returns 0 when every case passed, 1 when one failed, 2 when the folder cannot be used.
 */
export async function main(args: readonly string[]): Promise<number> {
  const [folder = DEFAULT_FOLDER, ...rest] = args;
  if (rest.length > 0 || folder.startsWith("-")) {
    console.error(`oracle: got ${args.join(" ")}, expected one folder with oracle vectors.`);
    return 2;
  }
  try {
    return await runFolder(folder);
  } catch (error) {
    if (!(error instanceof VectorsError)) throw error;
    console.error(`oracle: ${error.message}`);
    return 2;
  }
}

async function runFolder(folder: string): Promise<number> {
  const vectors = await readVectors(folder);
  const gpu = await openNodeGpu();
  console.log(`adapter: ${gpu.name}`);
  const executor = new Executor(gpu);
  let failed = 0;
  for (const item of vectors.cases) {
    const { failures } = await runCase(executor, item, vectors);
    for (const line of failures) console.log(line);
    if (failures.length > 0) failed++;
  }
  console.log(`${String(vectors.cases.length - failed)} passed, ${String(failed)} failed`);
  return failed === 0 ? 0 : 1;
}
