// Loads the kernels, with fused multiply-add where the engine has it: from a file in Node, with fetch elsewhere.

/** The functions of src/cpu/assembly; every pointer is a byte address of the shared memory. */
export type WasmKernels = Readonly<Record<string, (...args: number[]) => number>>;

const PLAIN = new URL("./kernels.wasm", import.meta.url);
const FUSED = new URL("./kernels-fma.wasm", import.meta.url);

/** A module with one function of f32x4.relaxed_madd: valid where relaxed SIMD is (section 5 of that proposal). */
// prettier-ignore
const PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0,
  10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11,
]);

function canFuse(): boolean {
  if (WebAssembly.validate(PROBE)) return true;
  if (PLAIN.protocol !== "file:") return false;
  // Node 20 has it behind a flag that can be set while it runs.
  process.getBuiltinModule("node:v8").setFlagsFromString("--experimental-wasm-relaxed-simd");
  return WebAssembly.validate(PROBE);
}

async function bytes(url: URL): Promise<BufferSource> {
  if (url.protocol === "file:") {
    // Not an import: the browser build must not see one of Node's modules.
    return new Uint8Array(process.getBuiltinModule("node:fs").readFileSync(url));
  }
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(
      `cpu: the kernels at ${url.href} answered ${response.status}; the CPU engine cannot start`,
    );
  }
  return response.arrayBuffer();
}

/**
 * Instantiates the kernels over a memory.
 * @param fused false: never the module with fused multiply-add
 * @throws Error when the file cannot be loaded
 */
export async function loadKernels(
  memory: WebAssembly.Memory,
  fused = true,
): Promise<{ kernels: WasmKernels; fused: boolean }> {
  const fuse = fused && canFuse();
  const module = await bytes(fuse ? FUSED : PLAIN);
  const { instance } = await WebAssembly.instantiate(module, { env: { memory } });
  return { kernels: instance.exports as unknown as WasmKernels, fused: fuse };
}
