// Runs one call by itself on made-up numbers, to time it and to compare what different programs make of it.
import type { HostArray } from "../plan/engine.ts";
import type { Call } from "../plan/tape.ts";
import { size, tensorBytes } from "../plan/tensor.ts";
import type { DType } from "../plan/tensor.ts";
import { packed, unpacked } from "./buffers.ts";
import type { Executor } from "./executor.ts";
import { bindingsOf } from "./shader.ts";
import type { Program } from "./variants.ts";

const STORAGE = 0x80 | 0x8 | 0x4; // STORAGE | COPY_DST | COPY_SRC
const STAGING = 0x1 | 0x8; // MAP_READ | COPY_DST
const MAP_READ = 0x1;
/** A sample lasts about so long at least, in milliseconds, so that the clock does not show. */
const SAMPLE_MS = 4;
const MOST_RUNS = 64;

interface Place {
  readonly name: string;
  readonly buffer: GPUBuffer;
  readonly values: HostArray;
  readonly dtype: DType;
  readonly written: boolean;
}

/** The same numbers every time, in (0, 1], because some kernels take roots; masks and ids are ones. */
function madeUp(length: number, dtype: DType, seed: number): HostArray {
  if (dtype === "u32") return new Uint32Array(length).fill(1);
  if (dtype === "i32") return new Int32Array(length).fill(1);
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 4294967296;
  });
}

export class Trial {
  private readonly executor: Executor;
  private readonly places: readonly Place[];
  /** runs of a sample */
  private readonly runs = new Map<Program, number>();

  /** Makes a buffer per binding of the call, and nothing of the plan that it is from. `given` replaces made-up numbers. */
  constructor(
    executor: Executor,
    { kernel, bindings }: Call,
    given: Readonly<Record<string, HostArray>> = {},
  ) {
    this.executor = executor;
    const written = new Set<string>(kernel.writes);
    this.places = Object.entries(bindings).map(([name, tensor], index) => {
      const values = given[name] ?? madeUp(size(tensor.shape), tensor.dtype, index + 1);
      const buffer = executor.gpu.device.createBuffer({
        label: `trial ${name}`,
        size: tensorBytes(tensor),
        usage: STORAGE,
      });
      const { dtype } = tensor;
      return { name, buffer, values, dtype, written: written.has(name) };
    });
  }

  /** What a program writes, in the order of the call's bindings. */
  async results(program: Program): Promise<HostArray[]> {
    const { device } = this.executor.gpu;
    for (const { buffer, values, dtype } of this.places) {
      device.queue.writeBuffer(buffer, 0, packed(dtype, values));
    }
    await this.run(program, 1);
    const outputs = this.places.filter(({ written }) => written);
    const length = outputs.reduce((sum, { buffer }) => sum + buffer.size, 0);
    const staging = device.createBuffer({ label: "trial", size: length, usage: STAGING });
    const encoder = device.createCommandEncoder();
    let at = 0;
    for (const { buffer } of outputs) {
      encoder.copyBufferToBuffer(buffer, 0, staging, at, buffer.size);
      at += buffer.size;
    }
    device.queue.submit([encoder.finish()]);
    try {
      await staging.mapAsync(MAP_READ);
      const bytes = staging.getMappedRange().slice(0);
      at = 0;
      return outputs.map(({ buffer, values, dtype }) => {
        const start = at;
        at += buffer.size;
        return unpacked(dtype, bytes, start, values.length);
      });
    } finally {
      staging.destroy();
    }
  }

  /** Milliseconds of one run, by the host's clock over several runs. */
  async milliseconds(program: Program): Promise<number> {
    const known = this.runs.get(program);
    if (known !== undefined) return (await this.clock(program, known)) / known;
    const first = await this.clock(program, 1);
    const runs = Math.max(1, Math.min(MOST_RUNS, Math.ceil(SAMPLE_MS / Math.max(first, 0.01))));
    this.runs.set(program, runs);
    return (await this.clock(program, runs)) / runs;
  }

  /** Rejects when the device is lost: all else that is awaited goes on as if it had run. */
  async alive(): Promise<void> {
    const { device } = this.executor.gpu;
    const staging = device.createBuffer({ label: "trial", size: 4, usage: STAGING });
    try {
      await staging.mapAsync(MAP_READ);
    } finally {
      staging.destroy();
    }
  }

  destroy(): void {
    for (const { buffer } of this.places) buffer.destroy();
  }

  private async clock(program: Program, runs: number): Promise<number> {
    const { queue } = this.executor.gpu.device;
    await queue.onSubmittedWorkDone();
    const started = performance.now();
    await this.run(program, runs);
    await queue.onSubmittedWorkDone();
    return performance.now() - started;
  }

  /** @throws Error when the shader does not compile or the device refuses the call */
  private async run(program: Program, runs: number): Promise<void> {
    const { device } = this.executor.gpu;
    const pipeline = await this.executor.pipeline(program);
    const places = new Map(this.places.map((place) => [place.name, place]));
    const entries = bindingsOf(program.code).flatMap(({ name, index }) => {
      const place = places.get(name);
      return place === undefined ? [] : [{ binding: index, resource: { buffer: place.buffer } }];
    });
    const layout = pipeline.getBindGroupLayout(0);
    const bindGroup = device.createBindGroup({ label: program.title, layout, entries });
    const encoder = device.createCommandEncoder({ label: program.title });
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    const [x, y = 1, z = 1] = program.grid;
    for (let i = 0; i < runs; i++) pass.dispatchWorkgroups(x, y, z);
    pass.end();
    device.queue.submit([encoder.finish()]);
  }
}
