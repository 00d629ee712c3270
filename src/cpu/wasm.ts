// Loads kernels.wasm: from the file in Node, with fetch in a browser or a worker.

/** The functions of src/cpu/assembly; every pointer is a byte address of the shared memory. */
export type WasmKernels = Readonly<Record<string, (...args: number[]) => number>>;

const url = new URL("./kernels.wasm", import.meta.url);

async function bytes(): Promise<BufferSource> {
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

/** Instantiates the kernels over a memory. @throws Error when the file cannot be loaded. */
export async function loadKernels(memory: WebAssembly.Memory): Promise<WasmKernels> {
  const { instance } = await WebAssembly.instantiate(await bytes(), { env: { memory } });
  return instance.exports as unknown as WasmKernels;
}
