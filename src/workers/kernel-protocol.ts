// What the kernels page and the worker say to each other. Types only.
import type { Candidate } from "../gpu/tuner.ts";
import type { Peak } from "../gpu/peak.ts";
import type { Consts } from "../plan/kernel.ts";
import type { DType } from "../plan/tensor.ts";

/** One storage binding of a call. */
export interface KernelBinding {
  readonly index: number;
  readonly name: string;
  readonly writable: boolean;
  /** name, shape and type of the tensor that the plan binds */
  readonly tensor: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** One way to compute a call. */
export interface KernelProgram {
  /** "plain" or a variant's title */
  readonly title: string;
  /** file in wgsl/, without extension */
  readonly shader: string;
  /** workgroups in x, y and z */
  readonly grid: readonly [number, number, number];
}

/** All calls of a kernel with the same constants. */
export interface KernelShape {
  /** tells it from the kernel's other shapes */
  readonly key: string;
  readonly consts: Consts;
  readonly calls: readonly { readonly plan: string; readonly count: number }[];
  /** floating-point operations of one call; null where the kernel does not say */
  readonly flops: number | null;
  /** bytes of the tensors of one call, each once */
  readonly bytes: number;
  readonly bindings: readonly KernelBinding[];
  /** the plain program and the variants that can compute it on this adapter */
  readonly programs: readonly KernelProgram[];
  /** title of the program in use; on the CPU engine "WebAssembly" or "reference" */
  readonly chosen: string;
  /** what the tuner measured; null before it has */
  readonly candidates: readonly Candidate[] | null;
}

export interface KernelInfo {
  readonly name: string;
  /** what it computes: the first line of its file */
  readonly about: string;
  /** most work first; empty for a kernel that no compiled plan calls */
  readonly shapes: readonly KernelShape[];
  /** has a WebAssembly twin */
  readonly twin: boolean;
}

export interface PlanInfo {
  readonly label: string;
  readonly calls: number;
  /** src/plan/print.ts */
  readonly text: string;
}

export interface KernelReport {
  readonly engine: "gpu" | "cpu";
  /** the plain version of every kernel, by name */
  readonly kernels: readonly KernelInfo[];
  readonly plans: readonly PlanInfo[];
  /** every file of wgsl/ as it stands, with what it includes */
  readonly sources: Readonly<Record<string, string>>;
}

export interface CheckedProgram {
  readonly title: string;
  /** largest differences from the reference in float64; absent where it failed */
  readonly absolute?: number;
  /** to the largest magnitude of the tensor (at least 1) */
  readonly relative?: number;
  readonly outcome: "right" | "wrong" | "failed";
  /** what the compiler or the device said about a failure */
  readonly message?: string;
}

/** What became of a kernel's largest call on made-up numbers. */
export interface KernelCheck {
  readonly name: string;
  readonly key: string;
  readonly tolerance: number;
  readonly programs: readonly CheckedProgram[];
}

/** Time of a kernel's calls in one run of a plan. */
export interface KernelTime {
  readonly name: string;
  readonly calls: number;
  readonly milliseconds: number;
  /** of all its calls; null where the kernel does not say */
  readonly flops: number | null;
  readonly bytes: number;
}

export interface PlanMeasure {
  readonly plan: string;
  /** `stamps`: in the plan, by the GPU's own time stamps; `clock`: each call alone, by the host's clock */
  readonly method: "stamps" | "clock";
  /** runs that the times are the mean of; 0 with the clock, which repeats each call as often as it needs */
  readonly runs: number;
  readonly kernels: readonly KernelTime[];
  /** null on the CPU engine, where none is measured */
  readonly peak: Peak | null;
}

/** What one tuning came to. */
export interface TuneResult {
  /** kinds of calls tried, and left as they were because it was stopped */
  readonly tuned: number;
  readonly left: number;
  /** calls of compiled plans that are computed by another program now */
  readonly changed: number;
  readonly milliseconds: number;
}

/** Page → worker. All but `report` and `code` reject with one sentence while a run is going on. */
export interface KernelApi {
  report(): Promise<KernelReport>;
  /** The shader of a program as it is compiled for a shape. */
  code(kernel: string, key: string, program: string): Promise<string>;
  /** Runs every program of a kernel's largest call beside the reference in float64. */
  check(kernel: string): Promise<KernelCheck>;
  /** Times the calls of a plan; what it writes is put back. */
  measure(plan: string): Promise<PlanMeasure>;
  /** Tunes the calls of all plans anew, and uses what it chose. */
  tune(onProgress: (done: number, total: number) => void): Promise<TuneResult>;
  /** Ends tuning after the call at hand. */
  stopTuning(): Promise<void>;
}
