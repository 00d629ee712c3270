// A made-up report of kernels, for the page's tests only.
import type { KernelApi, KernelReport, KernelShape } from "../../../src/workers/kernel-protocol.ts";

export const SOURCE = `// C = A B: one invocation per element

const M: u32 = 4u; // param: rows
const N: u32 = 4u; // param: columns

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= M * N) { return; }
  c[id.x] = max(a[id.x], 0.5e-3); /* not
  a product */
}`;

const shape = (M: number, chosen: string): KernelShape => ({
  key: `matmul M=${M}`,
  consts: { M, N: 4, TA: false },
  calls: [{ plan: "policy decode", count: 3 }],
  flops: 32 * M,
  bytes: 64 * M,
  bindings: [
    { index: 0, name: "a", writable: false, tensor: "x", shape: [M, 4], dtype: "f32" },
    { index: 1, name: "c", writable: true, tensor: "y", shape: [M, 4], dtype: "f32" },
  ],
  programs: [
    { title: "plain", shader: "matmul", grid: [M, 1, 1] },
    { title: "matmul_subgroup 8x2", shader: "matmul_subgroup", grid: [1, 2, 1] },
    { title: "matmul_tiles 64x64", shader: "matmul_tiles", grid: [1, 1, 1] },
  ],
  chosen,
  candidates: [
    { title: "plain", outcome: "slower", milliseconds: 0.31 },
    { title: "matmul_subgroup 8x2", outcome: "chosen", milliseconds: 0.12, error: 1e-7 },
    {
      title: "matmul_tiles 64x64",
      outcome: "failed",
      message: "matmul_tiles.wgsl:3:1: no",
    },
  ],
});

export const REPORT: KernelReport = {
  engine: "gpu",
  kernels: [
    {
      name: "adamw",
      about: "AdamW with decoupled decay",
      shapes: [{ ...shape(9, "plain"), key: "adamw", flops: null, candidates: null }],
      twin: true,
    },
    {
      name: "matmul",
      about: "C = A B: one invocation per element",
      shapes: [shape(16, "matmul_subgroup 8x2"), shape(4, "plain")],
      twin: true,
    },
    { name: "rope", about: "turns pairs", shapes: [], twin: false },
  ],
  plans: [{ label: "policy decode", calls: 6, text: "0 matmul  x[16,4] -> y[16,4]\n" }],
  sources: {
    matmul: SOURCE,
    matmul_subgroup: SOURCE,
    matmul_tiles: SOURCE,
    adamw: SOURCE,
    rope: SOURCE,
  },
};

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Answers as a worker would that holds this report. */
export function fakeKernels(): KernelApi {
  let stopping = new AbortController();
  return {
    report: async () => REPORT,
    code: async () => SOURCE.replace("4u", "16u"),
    async check(name) {
      await wait(2);
      const right = { title: "plain", absolute: 1e-6, relative: 2e-7, outcome: "right" } as const;
      const wrong = { title: "other", absolute: 3, relative: 0.5, outcome: "wrong" } as const;
      const programs = name === "matmul" ? [right, wrong] : [right];
      return { name, key: name, tolerance: 2e-5, programs };
    },
    measure: async (plan) => ({
      plan,
      method: "stamps",
      runs: 20,
      kernels: [
        { name: "matmul", calls: 6, milliseconds: 2, flops: 4e6, bytes: 1e6 },
        { name: "adamw", calls: 1, milliseconds: 0.5, flops: null, bytes: 1e6 },
      ],
      peak: { gflops: 8, gigabytes: 4 },
    }),
    async tune(onProgress) {
      stopping = new AbortController();
      let tuned = 0;
      while (tuned < 50 && !stopping.signal.aborted) {
        await wait(2);
        onProgress(++tuned, 50);
      }
      return { tuned, left: 50 - tuned, changed: 1, milliseconds: 2 * tuned };
    },
    stopTuning: async () => {
      stopping.abort();
    },
  };
}
