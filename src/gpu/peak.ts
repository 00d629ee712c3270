// What an adapter can do at best: multiply-adds in registers, and copying memory. Everything else is a share of these.
import type { Gpu } from "./device.ts";

export interface Peak {
  /** billions of operations per second, a multiply-add as two */
  readonly gflops: number;
  /** billions of bytes per second, read and written */
  readonly gigabytes: number;
}

/** Multiply-adds of each variable of an invocation. */
const STEPS = 1024;
const LANES = 64;

interface Body {
  readonly type: "f32" | "vec4f";
  /** variables in flight: few fit into the registers of a CPU, many hide the latency of a GPU */
  readonly variables: number;
  /** multiply-adds of each between two turns of the loop; CPU drivers merge every variable with a mask at each turn */
  readonly written: number;
}
const BODIES: readonly Body[] = [
  { type: "vec4f", variables: 2, written: 1 },
  { type: "vec4f", variables: 3, written: 4 },
  { type: "f32", variables: 10, written: 8 },
  { type: "vec4f", variables: 8, written: 4 },
];
const ENOUGH_MS = 40;
const MOST_GROUPS = 65535;
const COPY_BYTES = 1 << 26;
const STORAGE = 0x80; // GPUBufferUsage.STORAGE

// Two spellings, because compilers differ in which of them becomes one instruction.
const SPELLINGS = {
  fma: (v: string) => `${v} = fma(${v}, m, b);`,
  plain: (v: string) => `${v} = ${v} * m + b;`,
};

function multiplyAdds(line: (v: string) => string, { type, variables, written }: Body): string {
  const names = Array.from({ length: variables }, (_, i) => `v${String(i)}`);
  const turn = names.map(line).join("\n    ");
  const sum = names.join(" + ");
  return `
@group(0) @binding(0) var<storage, read_write> kept: array<f32>;
@compute @workgroup_size(${String(LANES)})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m = ${type}(0.999 + kept[0]);
  let b = ${type}(0.001 + kept[1]);
  ${names.map((v, i) => `var ${v} = ${type}(f32(id.x + ${String(i)}u));`).join("\n  ")}
  for (var i = 0u; i < ${String(STEPS / written)}u; i++) {
    ${Array.from({ length: written }, () => turn).join("\n    ")}
  }
  let sum = dot(vec4f(${sum}), vec4f(1.0));
  // never true, and the compiler cannot know it
  if (sum * sum == -1.0) { kept[2] = sum; }
}`;
}

const COPY = `
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> target_: array<vec4f>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < arrayLength(&source); i += groups.x * 64u) { target_[i] = source[i]; }
}`;

interface Measured {
  readonly device: GPUDevice;
  /** milliseconds */
  readonly clock: () => number | Promise<number>;
  /** a sample of arithmetic lasts so many of them at least */
  readonly enough: number;
}

/** A pipeline over buffers; the result runs it once with so many workgroups and tells the milliseconds of a clock. */
async function runner(
  { device, clock }: Measured,
  code: string,
  buffers: readonly GPUBuffer[],
): Promise<(groups: number) => Promise<number>> {
  const compute = { module: device.createShaderModule({ code }), entryPoint: "main" };
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute });
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return async (groups) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(groups);
    pass.end();
    const from = await clock();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return (await clock()) - from;
  };
}

/** Least milliseconds of a few runs. */
async function best(run: () => Promise<number>, times = 4): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < times; i++) least = Math.min(least, await run());
  return least;
}

/** Billions of multiply-add operations per second of one way to write them. */
async function rateOf(on: Measured, code: string, { type, variables }: Body): Promise<number> {
  const buffer = on.device.createBuffer({ size: 16, usage: STORAGE });
  const run = await runner(on, code, [buffer]);
  let groups = 64;
  await run(groups);
  while ((await run(groups)) < on.enough && groups < MOST_GROUPS) {
    groups = Math.min(2 * groups, MOST_GROUPS);
  }
  const milliseconds = await best(() => run(groups));
  buffer.destroy();
  const numbers = variables * (type === "vec4f" ? 4 : 1);
  return (groups * LANES * STEPS * numbers * 2) / milliseconds / 1e6;
}

async function arithmetic(on: Measured): Promise<number> {
  let highest = 0;
  for (const body of BODIES) {
    for (const line of Object.values(SPELLINGS)) {
      const rate = await rateOf(on, multiplyAdds(line, body), body);
      highest = Math.max(highest, rate);
    }
  }
  return highest;
}

async function copying(on: Measured): Promise<number> {
  const { device } = on;
  const size = Math.min(COPY_BYTES, device.limits.maxStorageBufferBindingSize);
  const buffers = [0, 1].map(() => device.createBuffer({ size, usage: STORAGE }));
  const run = await runner(on, COPY, buffers);
  await run(4096);
  const milliseconds = await best(() => run(4096));
  for (const buffer of buffers) buffer.destroy();
  return (2 * size) / milliseconds / 1e6;
}

/**
 * Measures an adapter; takes some seconds on a software adapter. Rejects when the device is lost.
 * @param clock milliseconds; the host's by default, and samples of 40 of them
 */
export async function measurePeak(
  { device }: Pick<Gpu, "device">,
  { clock, enough }: Pick<Measured, "clock" | "enough"> = {
    clock: () => performance.now(),
    enough: ENOUGH_MS,
  },
): Promise<Peak> {
  const on: Measured = { device, clock, enough };
  return { gflops: await arithmetic(on), gigabytes: await copying(on) };
}
