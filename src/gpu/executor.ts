// Compiles a tape into a prebuilt list of {pipeline, bind group, grid} and replays it: the GPU twin of plan/reference.ts.
import type { CompiledPlan, Counts, Engine, HostArray, Smoothness } from "../plan/engine.ts";
import { noCounts } from "../plan/engine.ts";
import { checkFits } from "../plan/fits.ts";
import type { Limits } from "../plan/fits.ts";
import { assignSlots } from "../plan/liveness.ts";
import type { Call } from "../plan/tape.ts";
import { offsetBytes, tensorBytes } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { GpuMemory } from "./buffers.ts";
import type { Gpu } from "./device.ts";
import { GUARD, guarded } from "./guard.ts";
import { limitsOf } from "./limits.ts";
import { Pace } from "./pace.ts";
import type { Timing } from "./pace.ts";
import { canTime, timeSteps } from "./profiler.ts";
import { Recorder } from "./recorder.ts";
import type { Step } from "./recorder.ts";
import { bindingsOf } from "./shader.ts";
import { Choices, traitsOf } from "./variants.ts";
import type { Program } from "./variants.ts";

/** A compiled tape. Replaying it creates no buffer, bind group or pipeline. */
export interface Plan extends CompiledPlan {
  /** one per call; replaced only when a tuner has chosen another program */
  readonly steps: Step[];
  /** what computes each call */
  readonly programs: Program[];
  timing: Timing;
  /** the buffer of a tensor of this plan */
  readonly buffer: (tensor: Tensor) => GPUBuffer;
}

/** Everything that lives on one device: memory, pipelines, plans. */
export class Executor implements Engine {
  readonly name: string;
  readonly gpu: Gpu;
  readonly memory: GpuMemory;
  readonly counts: Counts = noCounts();
  readonly limits: Limits;
  smoothness: Smoothness = "turbo";
  private readonly pace = new Pace();
  private readonly recorder: Recorder;
  /** which variant computes which call; plain ones until somebody chooses */
  readonly choices: Choices;
  private readonly pipelines = new Map<string, Promise<GPUComputePipeline>>();
  // plans live as long as whoever runs them
  private readonly plans = new Set<WeakRef<Plan>>();

  /** `limits` take the place of the device's own. */
  constructor(gpu: Gpu, limits: Partial<Limits> = {}) {
    this.gpu = gpu;
    this.limits = { ...limitsOf(gpu.device), ...limits };
    this.name = gpu.name;
    this.memory = new GpuMemory(gpu.device, this.counts);
    this.recorder = new Recorder(gpu.device, this.counts);
    this.choices = new Choices(traitsOf(gpu));
  }

  /**
   * Specialises and compiles the shaders of a tape, assigns slots and makes one bind group per call.
   * Rejects with a RangeError, before anything is allocated, when the plan is over the limits, and when the device has
   * no room for a buffer.
   */
  async compile(label: string, calls: readonly Call[]): Promise<Plan> {
    checkFits({ plans: [{ label, calls }] }, this.limits, this.memory);
    const { slotOf, sizes } = assignSlots(calls, this.memory.slotSizes);
    this.memory.growSlots(sizes);
    const buffer = (tensor: Tensor): GPUBuffer => {
      const slot = slotOf.get(tensor.storage);
      return slot === undefined ? this.memory.persistent(tensor.storage) : this.memory.slot(slot);
    };
    const programs = calls.map((call) => this.program(call));
    const pipelines = await Promise.all(programs.map((program) => this.pipeline(program)));
    const steps = calls.map((call, index): Step => {
      const pipeline = pipelines[index] as GPUComputePipeline;
      return this.step(call, programs[index] as Program, pipeline, buffer);
    });
    await this.memory.allocated();
    const plan = { label, calls, steps, programs, timing: this.pace.timing(calls), buffer };
    this.plans.add(new WeakRef(plan));
    return plan;
  }

  /**
   * Puts the chosen programs into all plans, which may be in use: they change between two runs.
   * @returns how many calls are computed by another program now
   */
  async adoptChoices(): Promise<number> {
    let changed = 0;
    for (const reference of [...this.plans]) {
      const plan = reference.deref();
      if (plan === undefined) this.plans.delete(reference);
      else changed += await this.adopt(plan);
    }
    return changed;
  }

  /** The plans that somebody still holds. */
  compiledPlans(): Plan[] {
    return [...this.plans].flatMap((reference) => reference.deref() ?? []);
  }

  /** The calls of all plans that somebody still holds. */
  compiledCalls(): Call[] {
    return this.compiledPlans().flatMap(({ calls }) => [...calls]);
  }

  private async adopt(plan: Plan): Promise<number> {
    const { calls, steps, programs, buffer } = plan;
    const news = calls.map((call) => this.program(call));
    const pipelines = await Promise.all(news.map((program) => this.pipeline(program)));
    let changed = 0;
    calls.forEach((call, i) => {
      const program = news[i] as Program;
      if (program.title === programs[i]?.title) return;
      steps[i] = this.step(call, program, pipelines[i] as GPUComputePipeline, buffer);
      programs[i] = program;
      changed++;
    });
    if (changed > 0) plan.timing = this.pace.timing(calls);
    return changed;
  }

  /** Queues plans one after the other: one submit in turbo mode, submits of at most 8 ms in smooth mode. */
  run(...plans: readonly CompiledPlan[]): void {
    this.record(plans as readonly Plan[]);
    this.recorder.submit();
    this.watched(plans as readonly Plan[]);
  }

  /**
   * Runs plans and reads tensors back in the same submit, or the last one of them.
   * Rejects when the device is lost.
   */
  runAndRead(plans: readonly CompiledPlan[], tensors: readonly Tensor[]): Promise<HostArray[]> {
    this.record(plans as readonly Plan[]);
    const staged = this.memory.stage(tensors, this.recorder.commands());
    this.recorder.submit();
    this.watched(plans as readonly Plan[]);
    return this.memory.collect(tensors, staged);
  }

  private record(plans: readonly Plan[]): void {
    const smooth = this.smoothness === "smooth";
    for (const plan of plans) {
      if (!smooth) this.recorder.add(plan.steps);
      else if (!this.due(plan)) {
        this.recorder.addWithin(plan.steps, this.pace.costs(plan.timing), this.pace.limit);
      } else this.calibrate(plan);
      plan.timing.runs++;
    }
  }

  private watched(plans: readonly Plan[]): void {
    if (this.smoothness === "smooth" && this.pace.watching) this.watch(plans);
  }

  /**
   * Runs a plan once (with all its effects) and resolves with the GPU milliseconds of each call.
   * @throws Error when the adapter writes no time stamps. Rejects when the device is lost.
   */
  async profile(plan: CompiledPlan): Promise<Float64Array> {
    const { steps, timing } = plan as Plan;
    const { device } = this.gpu;
    if (!canTime(device, steps.length)) {
      throw new Error(
        `profile: ${this.name} cannot time the ${String(steps.length)} calls of ${plan.label}; nothing was run`,
      );
    }
    const within = { costs: this.pace.costs(timing), limit: this.pace.limit };
    return timeSteps(device, this.recorder, this.counts, steps, within);
  }

  /** Milliseconds that smooth mode expects of each call of a plan: estimated, and measured from its third run on. */
  expected(plan: CompiledPlan): Float64Array {
    return this.pace.costs((plan as Plan).timing);
  }

  /** Resolves when everything submitted so far has run. */
  async idle(): Promise<void> {
    await this.gpu.device.queue.onSubmittedWorkDone();
  }

  // A driver finishes compiling in a pipeline's first run, so the second one is timed.
  private due({ steps, timing }: Plan): boolean {
    return timing.runs > 0 && !timing.timed && canTime(this.gpu.device, steps.length);
  }

  private calibrate(plan: Plan): void {
    plan.timing.timed = true;
    void this.profile(plan).then(
      (milliseconds) => {
        this.pace.measured(plan.timing, milliseconds);
      },
      // The device was lost, which its owner reports; the estimates stay.
      () => undefined,
    );
  }

  /** Without time stamps: from submission to completion by the host's clock, over the first runs. */
  private watch(plans: readonly Plan[]): void {
    if (plans.some(({ timing }) => timing.runs < 2)) return;
    if (plans.every(({ steps }) => canTime(this.gpu.device, steps.length))) return;
    const work = plans.reduce((sum, { timing }) => sum + timing.total, 0);
    const submitted = performance.now();
    void this.idle().then(
      () => {
        this.pace.observe(work, submitted, performance.now());
      },
      () => undefined,
    );
  }

  private program(call: Call): Program {
    const program = this.choices.program(call);
    const { guard } = call;
    if (guard === undefined) return program;
    return { ...program, code: guarded(program.shader, program.code, guard.index) };
  }

  /** The pipeline of a program, compiled on first use. Rejects with the compiler's messages. */
  pipeline({ shader, code }: Pick<Program, "shader" | "code">): Promise<GPUComputePipeline> {
    const known = this.pipelines.get(code);
    if (known !== undefined) return known;
    const made = this.createPipeline(shader, code);
    this.counts.pipelines++;
    this.pipelines.set(code, made);
    return made;
  }

  private async createPipeline(name: string, code: string): Promise<GPUComputePipeline> {
    const { device } = this.gpu;
    // what is wrong with a shader is told by the pipeline that is made of it
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ label: name, code });
    void device.popErrorScope().catch(() => undefined);
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

  private step(
    { kernel, bindings, guard }: Call,
    program: Program,
    pipeline: GPUComputePipeline,
    buffer: (tensor: Tensor) => GPUBuffer,
  ): Step {
    const entries = bindingsOf(program.code).map(({ name, index }) => {
      const tensor = name === GUARD ? guard?.tensor : bindings[name];
      if (tensor === undefined) {
        throw new Error(`${kernel.name}: no tensor for the binding ${name}`);
      }
      const resource = {
        buffer: buffer(tensor),
        offset: offsetBytes(tensor),
        size: tensorBytes(tensor),
      };
      return { binding: index, resource };
    });
    this.counts.bindGroups++;
    const bindGroup = this.gpu.device.createBindGroup({
      label: kernel.name,
      layout: pipeline.getBindGroupLayout(0),
      entries,
    });
    const [x, y = 1, z = 1] = program.grid;
    return { pipeline, bindGroup, x, y, z };
  }
}
