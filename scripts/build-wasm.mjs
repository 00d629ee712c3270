// Compiles the CPU engine's kernels: src/cpu/assembly/*.ts to the two modules of src/cpu, which are committed.
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

/** File in src/cpu of each module, and its further flags: with relaxed SIMD a product and its sum are one operation. */
export const MODULES = {
  "kernels.wasm": [],
  "kernels-fma.wasm": ["--enable", "relaxed-simd"],
};

/**
 * Compiles without writing anything.
 * @param {readonly string[]} more flags
 * @returns {Promise<Uint8Array>} the module
 */
export async function compileKernels(more) {
  /** @type {Uint8Array | undefined} */
  let binary;
  let messages = "";
  /** @type {{ default: Compiler }} */
  const { default: asc } = await import(COMPILER);
  const { error } = await asc.main(
    [
      "src/cpu/assembly/index.ts",
      "--baseDir",
      ROOT,
      "--outFile",
      "kernels.wasm",
      ...FLAGS,
      ...more,
    ],
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
  for (const [name, more] of Object.entries(MODULES)) {
    const binary = await compileKernels(more);
    writeFileSync(join(ROOT, "src/cpu", name), binary);
    console.log(`src/cpu/${name}: ${binary.length} bytes`);
  }
}
