// GPU memory: persistent buffers by storage, slots shared by all plans, uploads and read-backs.
import type { Counts, EngineMemory, HostArray } from "../plan/engine.ts";
import { decodeHalf, encodeHalf } from "../plan/half.ts";
import { offsetBytes, size, storageBytes, tensorBytes } from "../plan/tensor.ts";
import type { DType, Storage, Tensor } from "../plan/tensor.ts";
import { StagingPool } from "./staging.ts";
import type { Staged } from "./staging.ts";

const USAGE = 0x80 | 0x8 | 0x4; // STORAGE | COPY_DST | COPY_SRC (numbers, because Node has no GPUBufferUsage)

/** Values as they lie in a buffer: halves in pairs, everything else as it is. */
export function packed(dtype: DType, values: HostArray | readonly number[]): HostArray {
  if (dtype === "f16") {
    const even = new Float32Array(2 * Math.ceil(values.length / 2));
    even.set(values);
    return new Uint32Array(encodeHalf(even).buffer);
  }
  if (!Array.isArray(values)) return values as HostArray;
  return dtype === "f32" ? new Float32Array(values) : new Int32Array(values);
}

/** The values of `count` elements that begin at byte `start`; halves become singles. */
export function unpacked(
  dtype: DType,
  bytes: ArrayBuffer,
  start: number,
  count: number,
): HostArray {
  if (dtype === "f16") return decodeHalf(new Uint16Array(bytes, start, count));
  if (dtype === "f32") return new Float32Array(bytes, start, count);
  return new (dtype === "u32" ? Uint32Array : Int32Array)(bytes, start, count);
}

export class GpuMemory implements EngineMemory {
  readonly device: GPUDevice;
  private readonly counts: Counts;
  private readonly buffers = new Map<Storage, GPUBuffer>();
  private readonly slots: GPUBuffer[] = [];
  private readonly slotBytes: number[] = [];
  private readonly staging: StagingPool;
  /** what the device had no room for: such a buffer reads as zeros, and nobody may take those for results */
  private refusal: RangeError | undefined;
  private answers: Promise<unknown> = Promise.resolve();

  /** `counts` is shared with the executor and counts up. */
  constructor(device: GPUDevice, counts: Counts) {
    this.device = device;
    this.counts = counts;
    this.staging = new StagingPool(device, () => this.counts.buffers++);
  }

  /** Bytes of each slot that exists already. */
  get slotSizes(): readonly number[] {
    return this.slotBytes;
  }

  /** Bytes held by persistent buffers and by slots. */
  get bytes(): { persistent: number; slots: number } {
    let persistent = 0;
    for (const storage of this.buffers.keys()) persistent += storageBytes(storage);
    return { persistent, slots: this.slotBytes.reduce((sum, bytes) => sum + bytes, 0) };
  }

  /** True if a persistent storage has its buffer. */
  holds(storage: Storage): boolean {
    return this.buffers.has(storage);
  }

  /** Makes the slots of an assignment that do not exist yet. */
  growSlots(sizes: readonly number[]): void {
    for (const bytes of sizes.slice(this.slots.length)) {
      this.slots.push(this.create(`slot ${String(this.slots.length)}`, bytes));
      this.slotBytes.push(bytes);
    }
  }

  slot(index: number): GPUBuffer {
    const buffer = this.slots[index];
    if (buffer === undefined) throw new RangeError(`memory: no slot ${String(index)}`);
    return buffer;
  }

  /** The buffer of a persistent storage, created (zeroed) on first use. */
  persistent(storage: Storage): GPUBuffer {
    const known = this.buffers.get(storage);
    if (known !== undefined) return known;
    const buffer = this.create(storage.name, storageBytes(storage));
    this.buffers.set(storage, buffer);
    return buffer;
  }

  /**
   * Resolves once the device has answered for all buffers made so far.
   * @throws RangeError with one sentence when it had no room for one
   */
  async allocated(): Promise<void> {
    await this.answers;
    if (this.refusal !== undefined) throw this.refusal;
  }

  /** Queues a write; it takes effect before the next submit. An f16 tensor is written whole. */
  write(tensor: Tensor, values: HostArray | readonly number[], offset = 0): void {
    const half = tensor.dtype === "f16";
    const length = size(tensor.shape);
    if (offset + values.length > length || (half && values.length < length)) {
      throw new RangeError(
        `write: ${tensor.name} holds ${String(length)} elements${half ? ", to be written all at once" : ""}, got ${String(values.length)} at ${String(offset)}`,
      );
    }
    const data = packed(tensor.dtype, values);
    const at = offsetBytes(tensor) + offset * 4;
    this.counts.writes++;
    this.counts.writtenBytes += data.byteLength;
    this.device.queue.writeBuffer(
      this.persistent(tensor.storage),
      at,
      data.buffer,
      data.byteOffset,
      data.byteLength,
    );
  }

  /** Queues a copy of one persistent tensor onto another of the same size. */
  copy(from: Tensor, to: Tensor): void {
    const encoder = this.device.createCommandEncoder({ label: `copy ${from.name}` });
    encoder.copyBufferToBuffer(
      this.persistent(from.storage),
      offsetBytes(from),
      this.persistent(to.storage),
      offsetBytes(to),
      tensorBytes(from),
    );
    this.submit(encoder);
  }

  /** Reads persistent tensors back with one mapAsync. Rejects when the device is lost. */
  async read(tensors: readonly Tensor[]): Promise<HostArray[]> {
    const encoder = this.device.createCommandEncoder({ label: "read-back" });
    const staged = this.stage(tensors, encoder);
    this.submit(encoder);
    return this.collect(tensors, staged);
  }

  /** Records the copies of a read-back; `collect` gives the values once the encoder's commands are submitted. */
  stage(tensors: readonly Tensor[], encoder: GPUCommandEncoder): Staged {
    const lengths = tensors.map(tensorBytes);
    const staged = this.staging.take(lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    tensors.forEach((tensor, index) => {
      const length = lengths[index] ?? 0;
      const source = this.persistent(tensor.storage);
      encoder.copyBufferToBuffer(source, offsetBytes(tensor), staged.buffer, at, length);
      at += length;
    });
    return staged;
  }

  /** The values of staged tensors. Rejects when the device is lost or had no room for a buffer. */
  async collect(tensors: readonly Tensor[], staged: Staged): Promise<HostArray[]> {
    this.counts.readBacks++;
    this.counts.readBytes += staged.bytes;
    const bytes = await this.staging.read(staged);
    if (this.refusal !== undefined) throw this.refusal;
    let at = 0;
    return tensors.map((tensor) => {
      const start = at;
      at += tensorBytes(tensor);
      return unpacked(tensor.dtype, bytes, start, size(tensor.shape));
    });
  }

  /** Frees everything. */
  destroy(): void {
    for (const buffer of [...this.buffers.values(), ...this.slots]) buffer.destroy();
    this.staging.destroy();
    this.buffers.clear();
    this.slots.length = 0;
    this.slotBytes.length = 0;
  }

  private submit(encoder: GPUCommandEncoder): void {
    this.device.queue.submit([encoder.finish()]);
    this.counts.submits++;
  }

  private create(label: string, bytes: number): GPUBuffer {
    const limit = this.device.limits.maxBufferSize;
    if (bytes > limit) {
      throw new RangeError(
        `memory: ${label} needs ${String(bytes)} bytes, and a buffer of this adapter holds at most ${String(limit)}`,
      );
    }
    this.counts.buffers++;
    this.device.pushErrorScope("out-of-memory");
    const buffer = this.device.createBuffer({ label, size: bytes, usage: USAGE });
    const answer = this.device.popErrorScope().then(
      (error) => {
        if (error === null) return;
        this.refusal ??= new RangeError(
          `memory: the device has no room for ${label}, which needs ${String(bytes)} bytes (${error.message}); nothing was run, close other pages or take a smaller model or batch`,
        );
      },
      // the device was lost, which its owner reports
      () => undefined,
    );
    this.answers = Promise.all([this.answers, answer]);
    return buffer;
  }
}
