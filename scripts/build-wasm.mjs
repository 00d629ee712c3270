// Compiles the CPU engine's kernels: src/cpu/assembly/*.ts to src/cpu/kernels.wasm, which is committed.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import asc from "assemblyscript/asc";
import { ROOT } from "./setup.mjs";

const FLAGS = [
  ...["-O3", "--enable", "simd", "--runtime", "stub", "--noAssert", "--use", "abort="],
  ...["--importMemory", "--initialMemory", "1", "--noExportMemory"],
];

/** Compiles without writing anything. @returns {Promise<Uint8Array>} the module */
export async function compileKernels() {
  /** @type {Uint8Array | undefined} */
  let binary;
  let messages = "";
  const { error } = await asc.main(
    ["src/cpu/assembly/index.ts", "--baseDir", ROOT, "--outFile", "kernels.wasm", ...FLAGS],
    {
      writeFile: (name, contents) => {
        if (name === "kernels.wasm" && typeof contents !== "string") binary = contents;
      },
      stderr: { write: (text) => (messages += String(text)) },
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
