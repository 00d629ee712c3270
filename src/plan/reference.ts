// Runs a tape on the CPU with the kernels' own references: the twin of gpu/executor.ts.
import { floatToHalf, halfToFloat } from "./half.ts";
import type { Call, Guard } from "./tape.ts";
import { size } from "./tensor.ts";
import type { Storage, Tensor, TypedArray } from "./tensor.ts";

/** CPU memory: one typed array per storage, made on first use and zero at first, as WebGPU buffers are. */
export class CpuMemory {
  private readonly arrays = new Map<Storage, TypedArray>();
  private readonly double: boolean;
  /** whether what is written to f16 tensors is rounded to halves */
  readonly halves: boolean;

  /**
   * `double` keeps f32 and f16 storages in float64: slow, and exact enough for finite differences. `halves` rounds
   * what is stored in f16 as a GPU does; without it f16 storages hold singles.
   */
  constructor({ double = false, halves = false }: { double?: boolean; halves?: boolean } = {}) {
    this.double = double;
    this.halves = halves;
  }

  /** The elements of a tensor, as a live view. */
  of(tensor: Tensor): TypedArray {
    const whole = this.storage(tensor.storage);
    return whole.subarray(tensor.offset, tensor.offset + size(tensor.shape));
  }

  write(tensor: Tensor, values: ArrayLike<number>): void {
    this.of(tensor).set(values);
    this.round(tensor);
  }

  /** Rounds a tensor to what its type can hold, if it is f16 and this memory does so. */
  round(tensor: Tensor): void {
    if (tensor.dtype !== "f16" || !this.halves) return;
    const values = this.of(tensor);
    for (let i = 0; i < values.length; i++) values[i] = halfToFloat(floatToHalf(values[i]!));
  }

  private storage(storage: Storage): TypedArray {
    const known = this.arrays.get(storage);
    if (known !== undefined) return known;
    const made =
      storage.dtype === "f32" || storage.dtype === "f16"
        ? this.double
          ? new Float64Array(storage.length)
          : new Float32Array(storage.length)
        : storage.dtype === "u32"
          ? new Uint32Array(storage.length)
          : new Int32Array(storage.length);
    this.arrays.set(storage, made);
    return made;
  }
}

/** Executes the calls in order. */
export function runOnCpu(calls: readonly Call[], memory: CpuMemory): void {
  const skipped = (guard: Guard | undefined): boolean =>
    guard !== undefined && memory.of(guard.tensor)[guard.index] === 0;
  for (const { kernel, bindings, consts, guard } of calls) {
    if (skipped(guard)) continue;
    const buffers: Record<string, TypedArray> = {};
    for (const [name, tensor] of Object.entries(bindings)) buffers[name] = memory.of(tensor);
    kernel.reference(buffers, consts as never);
    for (const name of kernel.writes) {
      const written = bindings[name];
      if (written !== undefined) memory.round(written);
    }
  }
}
