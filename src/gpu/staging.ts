// Buffers that results are copied into to be mapped: made once per size, then used again.

const STAGING = 0x1 | 0x8; // MAP_READ | COPY_DST
const MAP_READ = 0x1;
/** Sizes are rounded up to this many bytes, so that few different ones occur. */
const STEP = 256;

/** A staging buffer that is in use, and how many bytes of it count. */
export interface Staged {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
}

export class StagingPool {
  private readonly device: GPUDevice;
  private readonly created: () => void;
  private readonly free: GPUBuffer[] = [];

  /** `created` is called for every buffer made. */
  constructor(device: GPUDevice, created: () => void) {
    this.device = device;
    this.created = created;
  }

  /** A buffer of at least so many bytes that nobody else uses until `read` has resolved. */
  take(bytes: number): Staged {
    const size = Math.max(STEP, Math.ceil(bytes / STEP) * STEP);
    const at = this.free.findIndex((buffer) => buffer.size === size);
    const [known] = at < 0 ? [] : this.free.splice(at, 1);
    if (known !== undefined) return { buffer: known, bytes };
    this.created();
    const buffer = this.device.createBuffer({ label: "read-back", size, usage: STAGING });
    return { buffer, bytes };
  }

  /** The bytes, once everything submitted before has run. Rejects when the device is lost. */
  async read({ buffer, bytes }: Staged): Promise<ArrayBuffer> {
    try {
      await buffer.mapAsync(MAP_READ, 0, bytes);
    } catch (error) {
      buffer.destroy();
      throw error;
    }
    const copy = buffer.getMappedRange(0, bytes).slice(0);
    buffer.unmap();
    this.free.push(buffer);
    return copy;
  }

  destroy(): void {
    for (const buffer of this.free) buffer.destroy();
    this.free.length = 0;
  }
}
