// Runs plans without WebGPU: hot kernels in WebAssembly, all others by their references, in one memory.
import type { CompiledPlan, Counts, Engine, HostArray, Smoothness } from "../plan/engine.ts";
import { noCounts } from "../plan/engine.ts";
import { checkFits } from "../plan/fits.ts";
import type { Limits } from "../plan/fits.ts";
import { assignSlots } from "../plan/liveness.ts";
import type { Call, Guard } from "../plan/tape.ts";
import { size } from "../plan/tensor.ts";
import type { Tensor, TypedArray } from "../plan/tensor.ts";
import { MOST_BYTES, WasmMemory } from "./memory.ts";
import { prepareNative } from "./native.ts";
import { loadKernels } from "./wasm.ts";
import type { WasmKernels } from "./wasm.ts";

/** A binding of a reference, whose view is renewed when the memory has grown. */
interface Place {
  readonly name: string;
  readonly tensor: Tensor;
  readonly address: number;
}

interface ReferenceStep {
  readonly places: readonly Place[];
  readonly buffers: Record<string, TypedArray>;
}

/** A compiled tape: closures over addresses and views. Running it allocates nothing. */
interface CpuPlan extends CompiledPlan {
  readonly steps: readonly (() => void)[];
  readonly references: readonly ReferenceStep[];
  /** the buffer that the views were made over */
  buffer: ArrayBuffer | undefined;
}

/** The step, skipped while the guard is 0. */
function guardedStep(
  { tensor, index }: Guard,
  step: () => void,
  address: (tensor: Tensor) => number,
  references: ReferenceStep[],
): () => void {
  const buffers: { guard?: TypedArray } = {};
  references.push({ places: [{ name: "guard", tensor, address: address(tensor) }], buffers });
  return () => {
    if (buffers.guard?.[index] !== 0) step();
  };
}

export class CpuEngine implements Engine {
  readonly name: string;
  readonly memory: WasmMemory;
  readonly counts: Counts;
  readonly limits: Limits = {
    binding: Infinity,
    buffer: Infinity,
    bindings: Infinity,
    groups: Infinity,
    // no twin reads halves; the memory that they save matters on a GPU
    f16: false,
    budget: MOST_BYTES,
  };
  smoothness: Smoothness = "turbo";
  private readonly kernels: WasmKernels;
  private scratch = { address: 0, bytes: 0 };
  // plans live as long as whoever runs them
  private readonly plans = new Set<WeakRef<CpuPlan>>();

  private constructor(
    memory: WasmMemory,
    { kernels, fused }: { kernels: WasmKernels; fused: boolean },
    counts: Counts,
  ) {
    this.counts = counts;
    this.name = fused ? "CPU (WebAssembly SIMD, fused)" : "CPU (WebAssembly SIMD)";
    this.memory = memory;
    this.kernels = kernels;
  }

  /**
   * Loads the WebAssembly kernels.
   * @param fused false: round products before they are added, as every engine can
   * @throws Error when they cannot be loaded or SIMD is missing
   */
  static async create(fused = true): Promise<CpuEngine> {
    const counts = noCounts();
    const memory = new WasmMemory(counts);
    return new CpuEngine(memory, await loadKernels(memory.memory, fused), counts);
  }

  /** Assigns addresses and prepares every call. Rejects with a RangeError when the memory cannot hold it. */
  async compile(label: string, calls: readonly Call[]): Promise<CompiledPlan> {
    checkFits({ plans: [{ label, calls }] }, this.limits, this.memory);
    const { slotOf, sizes } = assignSlots(calls, this.memory.slotSizes);
    this.memory.growSlots(sizes);
    const address = ({ storage, offset }: Tensor): number => {
      const slot = slotOf.get(storage);
      const start = slot === undefined ? this.memory.persistent(storage) : this.memory.slot(slot);
      return start + offset * 4;
    };
    const references: ReferenceStep[] = [];
    const steps = calls.map((call) => {
      const step = this.prepare(call, address, references);
      return call.guard === undefined ? step : guardedStep(call.guard, step, address, references);
    });
    const plan: CpuPlan = { label, calls, steps, references, buffer: undefined };
    this.plans.add(new WeakRef(plan));
    return plan;
  }

  /** The plans that somebody still holds. */
  compiledPlans(): CompiledPlan[] {
    return [...this.plans].flatMap((reference) => reference.deref() ?? []);
  }

  /** Runs the calls of plans of this engine, one after the other; returns when they are done. */
  run(...plans: readonly CompiledPlan[]): void {
    for (const plan of plans as readonly CpuPlan[]) {
      if (plan.buffer !== this.memory.buffer) this.renewViews(plan);
      for (const step of plan.steps) step();
      this.counts.dispatches += plan.steps.length;
    }
  }

  /** Runs plans and copies tensors out of the memory. */
  runAndRead(plans: readonly CompiledPlan[], tensors: readonly Tensor[]): Promise<HostArray[]> {
    this.run(...plans);
    return this.memory.read(tensors);
  }

  /** Resolves at once: `run` returns only when its work is done. */
  async idle(): Promise<void> {
    await Promise.resolve();
  }

  private prepare(
    { kernel, bindings, consts }: Call,
    address: (tensor: Tensor) => number,
    references: ReferenceStep[],
  ): () => void {
    const at = (binding: string): number => {
      const tensor = bindings[binding];
      if (tensor === undefined) {
        throw new Error(`${kernel.name}: no tensor for the binding ${binding}`);
      }
      return address(tensor);
    };
    const { kernels } = this;
    const scratch = (bytes: number): number => this.scratchOf(bytes);
    const native = prepareNative(kernel.name, consts, { kernels, at, scratch });
    if (native !== undefined) return native;
    const places = Object.entries(bindings).map(([name, tensor]) => ({
      name,
      tensor,
      address: address(tensor),
    }));
    const buffers: Record<string, TypedArray> = {};
    references.push({ places, buffers });
    return () => {
      kernel.reference(buffers, consts as never);
    };
  }

  // Calls prepared earlier keep the smaller scratch they were given.
  private scratchOf(bytes: number): number {
    if (bytes > this.scratch.bytes) {
      this.scratch = { address: this.memory.reserve("scratch", bytes), bytes };
    }
    return this.scratch.address;
  }

  private renewViews(plan: CpuPlan): void {
    for (const { places, buffers } of plan.references) {
      for (const { name, tensor, address } of places) {
        buffers[name] = this.memory.view(tensor.dtype, address, size(tensor.shape));
      }
    }
    plan.buffer = this.memory.buffer;
  }
}
