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
  /** the same arithmetic in plain loops over the same constants */
  reference(buffers: Readonly<Record<B, TypedArray>>, consts: C): void;
}

/** One invocation of a kernel, with names of bindings and constants erased. */
export type AnyKernel = Kernel<string, never>;

const MAX_GROUPS = 65535;

/** Grid for `groups` workgroups in a row: WebGPU allows 65,535 per dimension, so long rows wrap into y. */
export function row(groups: number): Grid {
  return groups <= MAX_GROUPS ? [groups] : [MAX_GROUPS, Math.ceil(groups / MAX_GROUPS)];
}
