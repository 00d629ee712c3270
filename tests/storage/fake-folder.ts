// A folder of the browser's private file system in memory, with its exclusive handles and its quirks.
import type { Directory, FileHandle, SyncHandle } from "../../src/storage/journal/segments.ts";

export class FakeFolder implements Directory {
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly open = new Set<string>();
  /** bytes that fit in all; beyond them a write gives what Chromium gives: -8 as an unsigned number */
  room = Infinity;
  flushes = 0;

  async *values(): AsyncIterable<FileHandle> {
    for (const name of [...this.files.keys()]) yield this.#handle(name);
  }

  async getFileHandle(name: string, options?: { create?: boolean }): Promise<FileHandle> {
    if (!this.files.has(name)) {
      if (options?.create !== true) throw new DOMException("gone", "NotFoundError");
      this.files.set(name, new Uint8Array());
    }
    return this.#handle(name);
  }

  async removeEntry(name: string): Promise<void> {
    if (this.open.has(name)) throw new DOMException("open", "NoModificationAllowedError");
    if (!this.files.delete(name)) throw new DOMException("gone", "NotFoundError");
  }

  /** Ends every handle, as when the process is killed. */
  kill(): void {
    this.open.clear();
  }

  get size(): number {
    return [...this.files.values()].reduce((sum, { length }) => sum + length, 0);
  }

  #handle(name: string): FileHandle {
    return {
      kind: "file",
      name,
      getFile: async () => {
        const bytes = this.files.get(name);
        if (bytes === undefined) throw new DOMException("gone", "NotFoundError");
        return new Blob([bytes]);
      },
      createSyncAccessHandle: async () => {
        if (!this.files.has(name)) throw new DOMException("gone", "NotFoundError");
        if (this.open.has(name)) throw new DOMException("open", "NoModificationAllowedError");
        this.open.add(name);
        return this.#sync(name);
      },
    };
  }

  #sync(name: string): SyncHandle {
    const bytes = (): Uint8Array<ArrayBuffer> => this.files.get(name) ?? new Uint8Array();
    return {
      write: (added, { at }) => {
        if (this.size + added.length > this.room) return 2 ** 32 - 8;
        const next = new Uint8Array(Math.max(bytes().length, at + added.length));
        next.set(bytes());
        next.set(added, at);
        this.files.set(name, next);
        return added.length;
      },
      truncate: (size) => void this.files.set(name, bytes().slice(0, size)),
      getSize: () => bytes().length,
      flush: () => {
        this.flushes++;
      },
      close: () => void this.open.delete(name),
    };
  }
}
