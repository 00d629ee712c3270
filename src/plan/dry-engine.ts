// An engine that runs nothing and holds nothing: it notes what a real one would be asked for.
import type { CompiledPlan, Engine, EngineMemory, HostArray, Smoothness } from "./engine.ts";
import { noCounts } from "./engine.ts";
import { GUARANTEED } from "./fits.ts";
import type { Limits } from "./fits.ts";
import { memoryPlan } from "./memory-plan.ts";
import type { Demand, NamedCalls } from "./memory-plan.ts";
import type { Call } from "./tape.ts";
import { size, tensorBytes } from "./tensor.ts";
import type { Storage, Tensor } from "./tensor.ts";

/** Writes vanish and reads give zeros, so that setting something up on it costs only the recording of its plans. */
export class DryEngine implements Engine {
  readonly name = "nothing (planning)";
  readonly counts = noCounts();
  readonly limits: Limits = GUARANTEED;
  smoothness: Smoothness = "turbo";
  readonly memory: EngineMemory;
  private readonly plans: NamedCalls[] = [];
  private readonly touched = new Set<Storage>();
  private readBack = 0;

  constructor() {
    const bytes = (): EngineMemory["bytes"] => memoryPlan(this.demand());
    this.memory = {
      write: ({ storage }) => this.touched.add(storage),
      copy: (from, to) => this.touched.add(from.storage).add(to.storage),
      read: (tensors) => Promise.resolve(this.zeros(tensors)),
      destroy: () => undefined,
      get bytes() {
        return bytes();
      },
    };
  }

  /** What a real engine would hold by now. */
  demand(): Demand {
    return { plans: [...this.plans], others: this.touched, readBack: this.readBack };
  }

  compile(label: string, calls: readonly Call[]): Promise<CompiledPlan> {
    const plan = { label, calls };
    this.plans.push(plan);
    return Promise.resolve(plan);
  }

  readonly run = (): void => undefined;

  runAndRead(_plans: readonly CompiledPlan[], tensors: readonly Tensor[]): Promise<HostArray[]> {
    return Promise.resolve(this.zeros(tensors));
  }

  idle(): Promise<void> {
    return Promise.resolve();
  }

  private zeros(tensors: readonly Tensor[]): HostArray[] {
    const bytes = tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
    this.readBack = Math.max(this.readBack, bytes);
    return tensors.map(({ dtype, shape, storage }) => {
      this.touched.add(storage);
      if (dtype === "f32" || dtype === "f16") return new Float32Array(size(shape));
      return dtype === "u32" ? new Uint32Array(size(shape)) : new Int32Array(size(shape));
    });
  }
}
