// Bytes from a file: peeked at, unpacked with a bound, and never more of them in memory than needed.
import { FormatError, code } from "./errors.ts";

/** A file, a response body or a generator in a test: chunks of bytes. */
export type ByteSource = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** Limits on what is read; a caller may only lower them. */
export interface Limits {
  /** Longest line or record in bytes. */
  line: number;
  /** Most bytes after unpacking. */
  total: number;
  /** Most unpacked bytes per packed byte, beyond the first MiB. */
  ratio: number;
  /** Most bytes of a file that must be in memory at once: Parquet, and one file of a zip. */
  whole: number;
}

export const LIMITS: Limits = {
  line: 8 * 2 ** 20,
  total: 2 * 2 ** 30,
  ratio: 100,
  whole: 512 * 2 ** 20,
};

const MIB = 2 ** 20;

/** The chunks of either kind of source. */
export async function* chunksOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  if (Symbol.asyncIterator in source) {
    yield* source;
    return;
  }
  const reader = (source as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** The first bytes of a source, at least `n` when it has them, and the whole source again. */
export async function peek(
  chunks: AsyncGenerator<Uint8Array>,
  n: number,
): Promise<{ head: Uint8Array; chunks: AsyncGenerator<Uint8Array> }> {
  const first: Uint8Array[] = [];
  let size = 0;
  while (size < n) {
    const next = await chunks.next();
    if (next.done === true) break;
    first.push(next.value);
    size += next.value.length;
  }
  const head = concat(first, size);
  async function* again(): AsyncGenerator<Uint8Array> {
    try {
      if (head.length > 0) yield head;
      yield* chunks;
    } finally {
      await chunks.return(undefined);
    }
  }
  return { head, chunks: again() };
}

export function concat(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * Counts unpacked bytes against packed ones.
 * @throws FormatError from `add` when the file unpacks to more than it may
 */
export class Meter {
  #name: string;
  #limits: Limits;
  #packed = 0;
  #unpacked = 0;

  constructor(name: string, limits: Limits) {
    this.#name = name;
    this.#limits = limits;
  }

  packed(n: number): void {
    this.#packed += n;
  }

  add(n: number): void {
    this.#unpacked += n;
    const { total, ratio } = this.#limits;
    if (this.#unpacked > total) {
      throw new FormatError(
        `${code(this.#name)}: found more than ${total} bytes when unpacked; expected at most that. Nothing was imported.`,
      );
    }
    if (this.#unpacked > MIB && this.#unpacked > ratio * this.#packed) {
      throw new FormatError(
        `${code(this.#name)}: found data that unpacks to more than ${ratio} times its size; expected a file of text. Nothing was imported.`,
      );
    }
  }
}

/** The bytes of a gzip file, checked against its checksum by the platform. */
export async function* gunzip(
  chunks: AsyncGenerator<Uint8Array>,
  name: string,
  limits: Limits,
): AsyncGenerator<Uint8Array> {
  const meter = new Meter(name, limits);
  const failed: { reason: unknown } = { reason: null };
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const next = await chunks.next().catch((error: unknown) => {
          failed.reason = error; // the source failed, not its content
          throw error;
        });
        if (next.done === true) {
          controller.close();
          return;
        }
        meter.packed(next.value.length);
        controller.enqueue(Uint8Array.from(next.value));
      },
      async cancel() {
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  const unpacked = packed.pipeThrough(new DecompressionStream("gzip"));
  try {
    for await (const chunk of chunksOf(unpacked)) {
      meter.add(chunk.length);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof FormatError || error === failed.reason) throw error;
    if (/junk|trailing|after (?:the )?end/i.test(String(error))) throw severalMembers(name);
    throw new FormatError(
      `${code(name)}: found gzip data that is cut off or damaged; expected a whole file. Nothing was imported.`,
    );
  }
}

/** Browsers unpack the first part alone; Node unpacks them all. */
function severalMembers(name: string): FormatError {
  return new FormatError(
    `${code(name)}: found more after the end of the gzip data, as when packed files are put one behind the other; expected one packed file. Unpack it first. Nothing was imported.`,
  );
}

/** All bytes of a source that must be in memory at once. */
export async function whole(
  chunks: AsyncGenerator<Uint8Array>,
  name: string,
  limits: Limits,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limits.whole) {
      throw new FormatError(
        `${code(name)}: found more than ${limits.whole} bytes; expected at most that for a file that is read as a whole. Nothing was imported.`,
      );
    }
    parts.push(chunk);
  }
  return concat(parts, size);
}
