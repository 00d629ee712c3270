// What a kernel is to the plan layer: a name, what it writes, its grid and its CPU reference.
import type { TypedArray } from "./tensor.ts";

/** Values of a kernel's `// param` lines; the shader and the reference receive the same object. */
export type Consts = Readonly<Record<string, number | boolean>>;
/** Workgroups in x, y and z. */
export type Grid = readonly [number, number?, number?];

export interface Kernel<B extends string = string, C extends Consts = Consts> {
  /** file name of the shader without `.wgsl`, pipeline label, profiler row, prefix of errors */
  readonly name: string;
  /** the `read_write` bindings of the shader */
  readonly writes: readonly B[];
  grid(consts: C): Grid;
  /** floating-point operations of a call, a multiply-add as two; absent where about one per element */
  flops?(consts: C): number;
  /** faster ways to compute it, of which a tuner picks by measurement; `name` is the plain one */
  readonly variants?: readonly Variant<C>[];
  /**
   * What decides which variant is fastest, apart from the size: calls of one class share a ranking.
   * Present where `variants` is.
   */
  tuningClass?(consts: C): string;
  /** how it computes over its own input where nobody needs that any more; see plan/in-place.ts */
  readonly inPlace?: InPlace;
  /** the same arithmetic in plain loops over the same constants */
  reference(buffers: Readonly<Record<B, TypedArray>>, consts: C): void;
}

/** A kernel that does the same with one binding, `to`, which holds what `from` held and then the result. */
export interface InPlace {
  readonly from: string;
  readonly to: string;
  readonly kernel: AnyKernel;
}

/** What a variant may need to know of an adapter. */
export interface AdapterTraits {
  /** lanes of a subgroup when they are the same number in every pipeline; undefined without subgroups */
  readonly subgroup: number | undefined;
  readonly f16: boolean;
  /** bytes of workgroup memory */
  readonly workgroupBytes: number;
  readonly workgroupLanes: number;
}

/** Another way to compute a kernel, in a shader file of its own with the same bindings; the reference stays. */
export interface Variant<C extends Consts = Consts> {
  /** for reports: the file and what tells it from others of the same file, e.g. `matmul_subgroup 16x2` */
  readonly title: string;
  /** file name of the shader without `.wgsl` */
  readonly shader: string;
  /**
   * where it is tried at all. "hardware" needs barriers, at which software adapters are too slow for it ever to win
   * (docs/KERNELS.md), and which they take seconds to compile; "software" needs a large private array, which a GPU has
   * not got in registers
   */
  readonly only?: "hardware" | "software";
  /** whether a call is large enough for it, where compiling it takes long; it can compute others too */
  worthTrying?(consts: C): boolean;
  /** whether it can compute a call with these constants on such an adapter */
  applies(consts: C, adapter: AdapterTraits): boolean;
  /** values of the shader's `// param` lines */
  consts(consts: C, adapter: AdapterTraits): Consts;
  grid(consts: C, adapter: AdapterTraits): Grid;
}

/** One invocation of a kernel, with names of bindings and constants erased. */
export type AnyKernel = Kernel<string, never>;

const MAX_GROUPS = 65535;

/** Grid for `groups` workgroups in a row: WebGPU allows 65,535 per dimension, so long rows wrap into y. */
export function row(groups: number): Grid {
  return groups <= MAX_GROUPS ? [groups] : [MAX_GROUPS, Math.ceil(groups / MAX_GROUPS)];
}
