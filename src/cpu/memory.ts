// Tensors as byte ranges of one WebAssembly memory, which grows and never moves an address.
import type { Counts, EngineMemory, HostArray } from "../plan/engine.ts";
import { size } from "../plan/tensor.ts";
import type { DType, Storage, Tensor } from "../plan/tensor.ts";

const PAGE = 65536;
const ALIGN = 16;
const MOST_PAGES = 65536;
/** What a WebAssembly memory with 32-bit addresses can grow to. */
export const MOST_BYTES = MOST_PAGES * PAGE;
// Vector loads may reach past the end of a tensor, also of the last one.
const BEHIND = 64;
// Below this nothing is placed: address 0 would hide a missing pointer, and from 1,024 the kernels have their constants.
const FIRST = 2048;

type ArrayType = typeof Float32Array | typeof Uint32Array | typeof Int32Array;

/** @throws RangeError for f16, which no plan of this engine holds */
function arrayType(dtype: DType): ArrayType {
  if (dtype === "f16") throw new RangeError("cpu: this engine holds no f16 tensors, only f32");
  if (dtype === "f32") return Float32Array;
  return dtype === "u32" ? Uint32Array : Int32Array;
}

export class WasmMemory implements EngineMemory {
  readonly memory: WebAssembly.Memory;
  private readonly addresses = new Map<Storage, number>();
  private readonly slotAddresses: number[] = [];
  private readonly slotBytes: number[] = [];
  private readonly counts: Counts;
  private top = FIRST;

  /** `counts` is shared with the engine and counts up. */
  constructor(counts: Counts) {
    this.counts = counts;
    this.memory = new WebAssembly.Memory({ initial: 16, maximum: MOST_PAGES });
  }

  /** Changes whenever views over it have become stale. */
  get buffer(): ArrayBuffer {
    return this.memory.buffer;
  }

  /** Bytes of each slot that exists already. */
  get slotSizes(): readonly number[] {
    return this.slotBytes;
  }

  get bytes(): { persistent: number; slots: number } {
    let persistent = 0;
    for (const storage of this.addresses.keys()) persistent += storage.length * 4;
    return { persistent, slots: this.slotBytes.reduce((sum, bytes) => sum + bytes, 0) };
  }

  /** True if a persistent storage has its address. */
  holds(storage: Storage): boolean {
    return this.addresses.has(storage);
  }

  /** Makes the slots of an assignment that do not exist yet. */
  growSlots(sizes: readonly number[]): void {
    for (const bytes of sizes.slice(this.slotBytes.length)) {
      this.slotAddresses.push(this.reserve("a slot", bytes));
      this.slotBytes.push(bytes);
    }
  }

  /** Address of a slot in bytes. */
  slot(index: number): number {
    const address = this.slotAddresses[index];
    if (address === undefined) throw new RangeError(`memory: no slot ${String(index)}`);
    return address;
  }

  /** Address of a persistent storage in bytes, reserved (zeroed) on first use. */
  persistent(storage: Storage): number {
    const known = this.addresses.get(storage);
    if (known !== undefined) return known;
    const address = this.reserve(storage.name, storage.length * 4);
    this.addresses.set(storage, address);
    return address;
  }

  /**
   * Takes zeroed bytes that are never given back, 16-byte aligned.
   * @throws RangeError when the memory cannot grow that far.
   */
  reserve(name: string, bytes: number): number {
    const address = this.top;
    const end = Math.ceil((address + Math.max(4, bytes)) / ALIGN) * ALIGN;
    const missing = end + BEHIND - this.memory.buffer.byteLength;
    if (missing > 0) this.grow(name, Math.ceil(missing / PAGE));
    this.top = end;
    return address;
  }

  /** A view of `length` elements at an address; it is stale after growth. */
  view(dtype: DType, address: number, length: number): HostArray {
    return new (arrayType(dtype))(this.memory.buffer, address, length);
  }

  /** Writes at once: runs are synchronous, so nothing can be under way. */
  write(tensor: Tensor, values: HostArray | readonly number[], offset = 0): void {
    if (offset + values.length > size(tensor.shape)) {
      throw new RangeError(
        `write: ${tensor.name} holds ${String(size(tensor.shape))} elements, got ${String(values.length)} at ${String(offset)}`,
      );
    }
    const address = this.persistent(tensor.storage) + (tensor.offset + offset) * 4;
    this.counts.writes++;
    this.counts.writtenBytes += values.length * 4;
    // Bits are copied as they are, as a GPU does, so the view takes the type of the values.
    if (values instanceof Float32Array) this.view("f32", address, values.length).set(values);
    else if (values instanceof Uint32Array || values instanceof Int32Array)
      this.view("i32", address, values.length).set(values);
    else this.view(tensor.dtype, address, values.length).set(values);
  }

  copy(from: Tensor, to: Tensor): void {
    const target = this.persistent(to.storage) + to.offset * 4;
    const source = this.persistent(from.storage) + from.offset * 4;
    const bytes = new Uint8Array(this.memory.buffer);
    bytes.copyWithin(target, source, source + size(from.shape) * 4);
  }

  async read(tensors: readonly Tensor[]): Promise<HostArray[]> {
    const addresses = tensors.map(({ storage, offset }) => this.persistent(storage) + offset * 4);
    this.counts.readBacks++;
    for (const { shape } of tensors) this.counts.readBytes += size(shape) * 4;
    return tensors.map(({ dtype, shape }, i) =>
      this.view(dtype, addresses[i] ?? 0, size(shape)).slice(),
    );
  }

  /** Forgets every tensor; the memory itself goes with the last reference to it. */
  destroy(): void {
    this.addresses.clear();
    this.slotAddresses.length = 0;
    this.slotBytes.length = 0;
  }

  private grow(name: string, pages: number): void {
    const have = this.memory.buffer.byteLength / PAGE;
    const wanted = Math.min(MOST_PAGES, Math.max(have + pages, Math.ceil(have * 1.25)));
    try {
      this.memory.grow(wanted - have);
    } catch (cause) {
      throw new RangeError(
        `memory: no room for ${name}: ${String(pages * PAGE)} more bytes beside ${String(have * PAGE)} were refused`,
        { cause },
      );
    }
    if (wanted < have + pages) throw new RangeError(`memory: ${name} does not fit into 4 GiB`);
  }
}
