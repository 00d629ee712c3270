// The files of the journal: one being written per tab, older ones merged, all of them readable.
import { errorName } from "../errors.ts";
import { createIds } from "../ids.ts";
import { frame, scan } from "./frame.ts";
import type { JournalRecord } from "./frame.ts";

/** What the journal needs of FileSystemSyncAccessHandle, which only workers have. */
export interface SyncHandle {
  write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

/** What the journal needs of FileSystemFileHandle. */
export interface FileHandle {
  kind: "file";
  name: string;
  getFile(): Promise<Blob>;
  createSyncAccessHandle(): Promise<SyncHandle>;
}

/** What the journal needs of FileSystemDirectoryHandle. */
export interface Directory {
  values(): AsyncIterable<FileHandle | { kind: "directory"; name: string }>;
  getFileHandle(name: string, options?: { create?: boolean }): Promise<FileHandle>;
  removeEntry(name: string): Promise<void>;
}

/** Folder of the journal in the browser's private file system. */
export const JOURNAL_FOLDER = "journal";
/** Broadcast channel on which "close" asks the tabs to let go of their files. */
export const JOURNAL_CHANNEL = "nudge-journal";
/** A file is closed and the next one begun at this size, in bytes. */
export const SEGMENT_BYTES = 8 * 2 ** 20;
/** Closed files below this are merged, once there are MERGE_FROM of them. */
const SMALL_BYTES = 2 ** 20;
const MERGE_FROM = 8;

const ids = createIds();

/** All files, oldest first: names are UUIDs of version 7. */
export async function segmentsOf(directory: Directory): Promise<FileHandle[]> {
  const files: FileHandle[] = [];
  for await (const entry of directory.values()) {
    if (entry.kind === "file" && entry.name.endsWith(".log")) files.push(entry);
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What was read from all files together. */
export interface JournalScan {
  files: number;
  bytes: number;
  /** stretches of damage in the middle of files */
  damaged: number;
  /** files whose last record was cut off */
  torn: number;
}

/**
 * Reads every file, one after the other, and hands its records over; the same record may come twice.
 * A file that another tab writes is read as far as it is.
 */
export async function readSegments(
  directory: Directory,
  take: (records: readonly JournalRecord[]) => void | Promise<void>,
): Promise<JournalScan> {
  const found: JournalScan = { files: 0, bytes: 0, damaged: 0, torn: 0 };
  for (const file of await segmentsOf(directory)) {
    const bytes = await bytesOf(file);
    if (bytes === null) continue;
    const { records, damaged, torn } = scan(bytes);
    found.files++;
    found.bytes += bytes.length;
    found.damaged += damaged;
    if (torn > 0) found.torn++;
    await take(records);
  }
  return found;
}

/** The bytes of a file; null when another tab merged it meanwhile, or may not be disturbed writing it. */
async function bytesOf(file: FileHandle): Promise<Uint8Array | null> {
  try {
    return new Uint8Array(await (await file.getFile()).arrayBuffer());
  } catch (error) {
    if (/^(NotFound|NoModificationAllowed)Error$/.test(errorName(error))) return null;
    throw error;
  }
}

/** The file that this tab appends to. */
export class Segment {
  readonly name: string;
  readonly #handle: SyncHandle;
  #size: number;

  private constructor(name: string, handle: SyncHandle) {
    this.name = name;
    this.#handle = handle;
    this.#size = handle.getSize();
  }

  static async create(directory: Directory, attempts = 3): Promise<Segment> {
    const name = `${ids.next()}.log`;
    try {
      const file = await directory.getFileHandle(name, { create: true });
      return new Segment(name, await file.createSyncAccessHandle());
    } catch (error) {
      // Another tab that looks for closed files may hold or remove it before it is opened here.
      if (attempts <= 1) throw error;
      return Segment.create(directory, attempts - 1);
    }
  }

  get full(): boolean {
    return this.#size >= SEGMENT_BYTES;
  }

  /**
   * Appends frames and flushes them; all or none.
   * @throws Error when they did not fit: Chromium gives a short count, or one that is no count at
   * all, where the disk is full, and no error
   */
  append(frames: readonly Uint8Array<ArrayBuffer>[]): void {
    const before = this.#size;
    try {
      for (const bytes of frames) {
        const written = this.#handle.write(bytes, { at: this.#size });
        if (written !== bytes.byteLength) throw new DOMException("No space", "QuotaExceededError");
        this.#size += written;
      }
      this.#handle.flush();
    } catch (error) {
      this.#size = before;
      this.#handle.truncate(before);
      throw error;
    }
  }

  close(): void {
    this.#handle.close();
  }
}

/**
 * Merges small closed files into one when there are many, each record once. The merged file is read
 * back before the others are removed, and a file with damage is left as it is. A crash anywhere
 * leaves records twice, never none. Gives how many files were merged.
 */
export async function mergeSmall(directory: Directory): Promise<number> {
  const small: FileHandle[] = [];
  for (const file of await segmentsOf(directory)) {
    if ((await isClosed(file)) && ((await bytesOf(file))?.length ?? Infinity) < SMALL_BYTES) {
      small.push(file);
    }
  }
  if (small.length < MERGE_FROM) return 0;
  const merged = new Map<string, Uint8Array<ArrayBuffer>>();
  const sources: FileHandle[] = [];
  let size = 0;
  for (const file of small) {
    const { records, damaged } = scan((await bytesOf(file)) ?? new Uint8Array());
    if (damaged > 0 || size > SEGMENT_BYTES) continue;
    sources.push(file);
    for (const { key, json } of records) {
      const bytes = frame(key, new TextDecoder().decode(json));
      merged.set(key, bytes);
      size += bytes.length;
    }
  }
  if (!(await writeWhole(directory, [...merged.values()], new Set(merged.keys())))) return 0;
  for (const { name } of sources) await directory.removeEntry(name).catch(() => undefined);
  return sources.length;
}

/** Writes a file and reads it back; false, and the file gone, when that is not what was written. */
async function writeWhole(
  directory: Directory,
  frames: readonly Uint8Array<ArrayBuffer>[],
  keys: ReadonlySet<string>,
): Promise<boolean> {
  const segment = await Segment.create(directory);
  try {
    segment.append(frames);
  } catch {
    segment.close();
    await directory.removeEntry(segment.name).catch(() => undefined);
    return false;
  }
  segment.close();
  const bytes = await bytesOf(await directory.getFileHandle(segment.name));
  const back = scan(bytes ?? new Uint8Array());
  const same = back.records.length === keys.size && back.records.every(({ key }) => keys.has(key));
  if (!same) await directory.removeEntry(segment.name).catch(() => undefined);
  return same;
}

/** False while a tab writes the file: its handle is exclusive, and goes with the tab. */
async function isClosed(file: FileHandle): Promise<boolean> {
  try {
    (await file.createSyncAccessHandle()).close();
    return true;
  } catch {
    return false;
  }
}
