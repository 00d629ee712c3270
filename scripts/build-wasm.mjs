// Compiles the CPU engine's kernels: src/cpu/assembly/*.ts to src/cpu/kernels.wasm, which is committed.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./setup.mjs";

const FLAGS = [
  ...["-O3", "--enable", "simd", "--runtime", "stub", "--noAssert", "--use", "abort="],
  ...["--importMemory", "--initialMemory", "1", "--noExportMemory"],
];

// Imported by a computed name: its declarations add globals that would change what every file is checked against.
const COMPILER = ["assemblyscript", "asc"].join("/");

/**
 * @typedef {{ writeFile: (name: string, contents: Uint8Array | string) => void, stderr: { write: (text: string) => void } }} Outputs
 * @typedef {{ main: (args: string[], outputs: Outputs) => Promise<{ error: Error | null }> }} Compiler
 */

/** Compiles without writing anything. @returns {Promise<Uint8Array>} the module */
export async function compileKernels() {
  /** @type {Uint8Array | undefined} */
  let binary;
  let messages = "";
  /** @type {{ default: Compiler }} */
  const { default: asc } = await import(COMPILER);
  const { error } = await asc.main(
    ["src/cpu/assembly/index.ts", "--baseDir", ROOT, "--outFile", "kernels.wasm", ...FLAGS],
    {
      writeFile: (name, contents) => {
        if (name === "kernels.wasm" && typeof contents !== "string") binary = contents;
      },
      stderr: { write: (text) => (messages += text) },
    },
  );
  if (error !== null || binary === undefined)
    throw new Error(`build-wasm: ${String(error)}\n${messages}`);
  return binary;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const binary = await compileKernels();
  writeFileSync(join(ROOT, "src/cpu/kernels.wasm"), binary);
  console.log(`src/cpu/kernels.wasm: ${binary.length} bytes`);
}
