// Records dispatches into command buffers and submits them: the hot path of every run.
import type { Counts } from "../plan/engine.ts";

/** One prebuilt dispatch. */
export interface Step {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** One compute pass per submit. Between runs nothing is open. */
export class Recorder {
  private readonly device: GPUDevice;
  private readonly counts: Counts;
  private encoder: GPUCommandEncoder | undefined;
  private pass: GPUComputePassEncoder | undefined;
  private pipeline: GPUComputePipeline | undefined;
  private spent = 0;

  constructor(device: GPUDevice, counts: Counts) {
    this.device = device;
    this.counts = counts;
  }

  /** Records all steps. */
  add(steps: readonly Step[]): void {
    for (const step of steps) this.dispatch(step);
  }

  /** Records all steps and submits whenever the next one would exceed `limit` milliseconds. */
  addWithin(steps: readonly Step[], costs: Float64Array, limit: number): void {
    for (let i = 0; i < steps.length; i++) {
      const cost = costs[i] ?? 0;
      if (this.spent > 0 && this.spent + cost > limit) this.submit();
      this.dispatch(steps[i] as Step);
      this.spent += cost;
    }
  }

  /** As addWithin, with a pass of its own and a time stamp before and after every step. */
  addTimed(
    steps: readonly Step[],
    costs: Float64Array,
    { limit, querySet }: { limit: number; querySet: GPUQuerySet },
  ): void {
    this.submit();
    for (let i = 0; i < steps.length; i++) {
      const cost = costs[i] ?? 0;
      if (this.spent > 0 && this.spent + cost > limit) this.submit();
      const timestampWrites = {
        querySet,
        beginningOfPassWriteIndex: 2 * i,
        endOfPassWriteIndex: 2 * i + 1,
      };
      this.begin({ timestampWrites });
      this.dispatch(steps[i] as Step);
      this.endPass();
      this.spent += cost;
    }
  }

  /** The open command encoder, outside of any pass. */
  commands(): GPUCommandEncoder {
    this.endPass();
    return (this.encoder ??= this.device.createCommandEncoder());
  }

  /** Submits what was recorded, if anything. */
  submit(): void {
    this.endPass();
    this.spent = 0;
    if (this.encoder === undefined) return;
    this.device.queue.submit([this.encoder.finish()]);
    this.encoder = undefined;
    this.counts.submits++;
  }

  private dispatch(step: Step): void {
    const pass = this.pass ?? this.begin();
    if (step.pipeline !== this.pipeline) {
      pass.setPipeline(step.pipeline);
      this.pipeline = step.pipeline;
    }
    pass.setBindGroup(0, step.bindGroup);
    pass.dispatchWorkgroups(step.x, step.y, step.z);
    this.counts.dispatches++;
  }

  private begin(descriptor?: GPUComputePassDescriptor): GPUComputePassEncoder {
    this.pass = this.commands().beginComputePass(descriptor);
    return this.pass;
  }

  private endPass(): void {
    this.pass?.end();
    this.pass = undefined;
    this.pipeline = undefined;
  }
}
