// What runs plans: the interface that the GPU executor and the CPU executor share, so that sessions know neither.
import type { Limits } from "./fits.ts";
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

/** What an engine has asked of its device since it was made. */
export interface Counts {
  /** command buffers submitted; 0 on the CPU */
  submits: number;
  /** kernel calls run */
  dispatches: number;
  /** buffers, bind groups and pipelines created; 0 on the CPU */
  buffers: number;
  bindGroups: number;
  pipelines: number;
  writes: number;
  writtenBytes: number;
  readBacks: number;
  readBytes: number;
}

/** Counts of an engine that has done nothing. */
export function noCounts(): Counts {
  return {
    submits: 0,
    dispatches: 0,
    buffers: 0,
    bindGroups: 0,
    pipelines: 0,
    writes: 0,
    writtenBytes: 0,
    readBacks: 0,
    readBytes: 0,
  };
}

/** `turbo` = one submit per run; `smooth` = submits of at most 8 ms, so that the page keeps painting. */
export type Smoothness = "smooth" | "turbo";

export interface Engine {
  /** one line for reports: adapter or CPU mode */
  readonly name: string;
  readonly memory: EngineMemory;
  readonly counts: Readonly<Counts>;
  /** what plans must keep to: `compile` refuses others before it allocates */
  readonly limits: Limits;
  /** may change between runs; the CPU engine submits nothing and ignores it */
  smoothness: Smoothness;
  compile(label: string, calls: readonly Call[]): Promise<CompiledPlan>;
  /** Queues plans of this engine one after the other. */
  run(...plans: readonly CompiledPlan[]): void;
  /** Queues plans and reads persistent tensors back after them. Rejects when the device is lost. */
  runAndRead(plans: readonly CompiledPlan[], tensors: readonly Tensor[]): Promise<HostArray[]>;
  /** Resolves when everything queued so far has run. */
  idle(): Promise<void>;
}
