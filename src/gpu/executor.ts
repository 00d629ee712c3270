// Compiles a tape into a prebuilt list of {pipeline, bind group, grid} and replays it: the GPU twin of plan/reference.ts.
import type { CompiledPlan, Engine } from "../plan/engine.ts";
import { assignSlots } from "../plan/liveness.ts";
import type { Call } from "../plan/tape.ts";
import { size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { GpuMemory } from "./buffers.ts";
import type { Gpu } from "./device.ts";
import { bindingsOf, shaderSource, specialise } from "./shader.ts";

interface Step {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** A compiled tape. Replaying it creates no buffer, bind group or pipeline. */
export interface Plan extends CompiledPlan {
  readonly steps: readonly Step[];
}

/** Everything that lives on one device: memory, pipelines, plans. */
export class Executor implements Engine {
  readonly name: string;
  readonly gpu: Gpu;
  readonly memory: GpuMemory;
  private readonly pipelines = new Map<string, Promise<GPUComputePipeline>>();

  constructor(gpu: Gpu) {
    this.gpu = gpu;
    this.name = gpu.name;
    this.memory = new GpuMemory(gpu.device);
  }

  /** Specialises and compiles the shaders of a tape, assigns slots and makes one bind group per call. */
  async compile(label: string, calls: readonly Call[]): Promise<Plan> {
    const { slotOf, lengths } = assignSlots(calls, this.memory.slotSizes);
    this.memory.growSlots(lengths);
    const buffer = (tensor: Tensor): GPUBuffer => {
      const slot = slotOf.get(tensor.storage);
      return slot === undefined ? this.memory.persistent(tensor.storage) : this.memory.slot(slot);
    };
    const pipelines = await Promise.all(calls.map((call) => this.pipeline(call)));
    const steps = calls.map((call, index): Step => {
      const pipeline = pipelines[index] as GPUComputePipeline;
      const [x, y = 1, z = 1] = call.kernel.grid(call.consts as never);
      return { pipeline, bindGroup: this.bind(call, pipeline, buffer), x, y, z };
    });
    return { label, calls, steps };
  }

  /** Encodes plans one after the other into one command buffer and submits it: one submit. */
  run(...plans: readonly CompiledPlan[]): void {
    const encoder = this.gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const plan of plans) replay(pass, (plan as Plan).steps);
    pass.end();
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  /** Resolves when everything submitted so far has run. */
  async idle(): Promise<void> {
    await this.gpu.device.queue.onSubmittedWorkDone();
  }

  private pipeline(call: Call): Promise<GPUComputePipeline> {
    const { name } = call.kernel;
    const code = specialise(name, shaderSource(name), call.consts);
    const known = this.pipelines.get(code);
    if (known !== undefined) return known;
    const made = this.createPipeline(name, code);
    this.pipelines.set(code, made);
    return made;
  }

  private async createPipeline(name: string, code: string): Promise<GPUComputePipeline> {
    const { device } = this.gpu;
    const module = device.createShaderModule({ label: name, code });
    try {
      return await device.createComputePipelineAsync({
        label: name,
        layout: "auto",
        compute: { module, entryPoint: "main" },
      });
    } catch (error) {
      const info = await module.getCompilationInfo();
      const lines = info.messages.map(
        (message) =>
          `wgsl/${name}.wgsl:${String(message.lineNum)}:${String(message.linePos)}: ${message.message}`,
      );
      const cause = error instanceof Error ? error.message : String(error);
      throw new Error(`${name}: the shader does not compile. ${[...lines, cause].join("\n")}`, {
        cause: error,
      });
    }
  }

  private bind(
    call: Call,
    pipeline: GPUComputePipeline,
    buffer: (tensor: Tensor) => GPUBuffer,
  ): GPUBindGroup {
    const entries = bindingsOf(shaderSource(call.kernel.name)).map(({ name, index }) => {
      const tensor = call.bindings[name];
      if (tensor === undefined) {
        throw new Error(`${call.kernel.name}: no tensor for the binding ${name}`);
      }
      const resource = {
        buffer: buffer(tensor),
        offset: tensor.offset * 4,
        size: size(tensor.shape) * 4,
      };
      return { binding: index, resource };
    });
    return this.gpu.device.createBindGroup({
      label: call.kernel.name,
      layout: pipeline.getBindGroupLayout(0),
      entries,
    });
  }
}

/** The hot path: set, bind, dispatch, for every step. */
export function replay(pass: GPUComputePassEncoder, steps: readonly Step[]): void {
  let current: GPUComputePipeline | undefined;
  for (const step of steps) {
    if (step.pipeline !== current) {
      pass.setPipeline(step.pipeline);
      current = step.pipeline;
    }
    pass.setBindGroup(0, step.bindGroup);
    pass.dispatchWorkgroups(step.x, step.y, step.z);
  }
}
