// A tensor is a name, a shape and a place in a storage; it holds no numbers itself.

/** Row-major extents, outermost first. */
export type Shape = readonly number[];
/** f16 is for what forward keeps for backward: see `Tape.activation`. */
export type DType = "f32" | "f16" | "u32" | "i32";
/** The CPU twin of a storage: f16 is held in f32. Float64Array stands in for both when a test wants exact finite differences. */
export type TypedArray = Float32Array | Float64Array | Uint32Array | Int32Array;

/** What memory reports call a persistent storage. */
export type Role = "parameters" | "gradients" | "moments" | "caches";

/** A stretch of memory: one GPUBuffer (or typed array). Persistent ones outlive plans, temporary ones get a slot. */
export interface Storage {
  readonly name: string;
  /** elements */
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

/** Bytes of so many elements. Bindings and copies come in multiples of 4: an odd number of halves is padded. */
function bytesFor(dtype: DType, elements: number): number {
  return dtype === "f16" ? 4 * Math.ceil(elements / 2) : 4 * elements;
}

/** Bytes that a tensor takes, and that a binding of it sees. */
export function tensorBytes({ dtype, shape }: Pick<Tensor, "dtype" | "shape">): number {
  return bytesFor(dtype, size(shape));
}

/** Bytes from the start of a tensor's storage to its first element. */
export function offsetBytes({ dtype, offset }: Pick<Tensor, "dtype" | "offset">): number {
  return bytesFor(dtype, offset);
}

/** Bytes of a storage. */
export function storageBytes({ dtype, length }: Pick<Storage, "dtype" | "length">): number {
  return bytesFor(dtype, length);
}

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
  const aligned = tensor.dtype === "f16" ? 2 * ALIGNMENT : ALIGNMENT;
  check(
    offset + size(shape) <= size(tensor.shape) && offset % aligned === 0,
    `view: [${shape.join(",")}] at element ${String(offset)} does not fit ${describe(tensor)} or is not aligned to ${String(aligned)} elements`,
  );
  return { ...tensor, shape, offset: tensor.offset + offset };
}
