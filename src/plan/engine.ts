// What runs plans: the interface that the GPU executor and the CPU executor share, so that sessions know neither.
import type { Call } from "./tape.ts";
import type { Tensor } from "./tensor.ts";

/** What a device holds and hands back; never float64. */
export type HostArray = Float32Array | Uint32Array | Int32Array;

/** A compiled tape of some engine. */
export interface CompiledPlan {
  readonly label: string;
  readonly calls: readonly Call[];
}

/** Persistent tensors, zero at first. */
export interface EngineMemory {
  /** Queues a write of `values` at element `offset`; it takes effect before the next run. */
  write(tensor: Tensor, values: HostArray | readonly number[], offset?: number): void;
  /** Queues a copy of one persistent tensor onto another of the same size. */
  copy(from: Tensor, to: Tensor): void;
  /** Reads persistent tensors back. Rejects when the device is lost. */
  read(tensors: readonly Tensor[]): Promise<HostArray[]>;
  /** Frees everything. */
  destroy(): void;
  readonly bytes: { readonly persistent: number; readonly slots: number };
}

export interface Engine {
  /** one line for reports: adapter or CPU mode */
  readonly name: string;
  readonly memory: EngineMemory;
  compile(label: string, calls: readonly Call[]): Promise<CompiledPlan>;
  /** Runs plans of this engine one after the other; on a GPU this is one submit. */
  run(...plans: readonly CompiledPlan[]): void;
  /** Resolves when everything queued so far has run. */
  idle(): Promise<void>;
}
