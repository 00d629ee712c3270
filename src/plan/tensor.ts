// A tensor is a name, a shape and a place in a storage; it holds no numbers itself.

/** Row-major extents, outermost first. */
export type Shape = readonly number[];
export type DType = "f32" | "u32" | "i32";
/** The CPU twin of a storage. Float64Array stands in for f32 when a test wants exact finite differences. */
export type TypedArray = Float32Array | Float64Array | Uint32Array | Int32Array;

/** What memory reports call a persistent storage. */
export type Role = "parameters" | "gradients" | "moments" | "caches";

/** A stretch of memory: one GPUBuffer (or typed array). Persistent ones outlive plans, temporary ones get a slot. */
export interface Storage {
  readonly name: string;
  /** elements of 4 bytes */
  readonly length: number;
  readonly dtype: DType;
  readonly lifetime: "persistent" | "temporary";
  /** what a persistent storage is for; none for inputs and results */
  readonly role?: Role;
}

export interface Tensor {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly storage: Storage;
  /** first element inside the storage; a multiple of ALIGNMENT when the storage is shared */
  readonly offset: number;
  /** where the derivative of a parameter goes; temporaries get theirs from the tape */
  readonly gradient?: Tensor;
}

/** WebGPU's default minStorageBufferOffsetAlignment is 256 bytes: 64 elements. */
export const ALIGNMENT = 64;

/** Number of elements of a shape; a scalar is []. */
export function size(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Throws one sentence when a condition on shapes does not hold. */
export function check(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new RangeError(sentence);
}

/** `x[32,16]`, as plans and errors print it. */
export function describe(tensor: Tensor): string {
  return `${tensor.name}[${tensor.shape.join(",")}]`;
}

function checkShape(name: string, shape: Shape): void {
  check(
    shape.every((extent) => Number.isInteger(extent) && extent > 0),
    `${name}: every extent must be a positive integer, got [${shape.join(",")}]`,
  );
}

/** A tensor with a storage of its own that outlives plans: inputs, weights, what one plan hands to the next. */
export function persistent(name: string, shape: Shape, dtype: DType = "f32", role?: Role): Tensor {
  checkShape(name, shape);
  const base = { name, length: size(shape), dtype, lifetime: "persistent" } as const;
  const storage: Storage = role === undefined ? base : { ...base, role };
  return { name, shape, dtype, storage, offset: 0 };
}

/** A tensor that lives only inside one plan and shares its memory with others. */
export function temporary(name: string, shape: Shape, dtype: DType = "f32"): Tensor {
  checkShape(name, shape);
  const storage: Storage = { name, length: size(shape), dtype, lifetime: "temporary" };
  return { name, shape, dtype, storage, offset: 0 };
}

/** The same memory under another shape (same number of elements) and, if given, another first element. */
export function view(tensor: Tensor, shape: Shape, offset = 0): Tensor {
  check(
    offset + size(shape) <= size(tensor.shape) && offset % (offset === 0 ? 1 : ALIGNMENT) === 0,
    `view: [${shape.join(",")}] at element ${String(offset)} does not fit ${describe(tensor)} or is not aligned to ${String(ALIGNMENT)} elements`,
  );
  return { ...tensor, shape, offset: tensor.offset + offset };
}
