// Cuts a stream of bytes into the lines of JSON lines and the elements of a JSON array.
import { DEPTH_LIMIT } from "../storage/json.ts";
import { concat } from "./bytes.ts";
import type { Limits } from "./bytes.ts";
import { FormatError, code } from "./errors.ts";

/** One record's text and where it stood. */
export interface Piece {
  where: string;
  text: string;
}

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Collects the bytes of one piece across chunks, up to a limit. */
class Collector {
  #parts: Uint8Array[] = [];
  #size = 0;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #name: string;
  readonly #limit: number;

  constructor(name: string, limit: number) {
    this.#name = name;
    this.#limit = limit;
  }

  add(part: Uint8Array, where: string): void {
    this.#size += part.length;
    if (this.#size > this.#limit) {
      throw new FormatError(
        `${code(this.#name)}, ${where}: found more than ${this.#limit} bytes; expected a shorter record. Nothing was imported.`,
      );
    }
    if (part.length > 0) this.#parts.push(part);
  }

  get size(): number {
    return this.#size;
  }

  take(where: string): string {
    const [only, ...more] = this.#parts;
    const bytes = only !== undefined && more.length === 0 ? only : concat(this.#parts, this.#size);
    this.#parts = [];
    this.#size = 0;
    try {
      return this.#decoder.decode(bytes);
    } catch {
      throw new FormatError(
        `${code(this.#name)}, ${where}: found bytes that are not UTF-8; expected a text file in UTF-8. Nothing was imported.`,
      );
    }
  }
}

/** The lines of a text that are not blank, without their ends (LF or CRLF). */
export async function* lines(
  chunks: AsyncGenerator<Uint8Array>,
  name: string,
  limits: Limits,
): AsyncGenerator<Piece> {
  const piece = new Collector(name, limits.line);
  let line = 1;
  const take = (): Piece | null => {
    if (piece.size === 0) return null;
    const where = `line ${line}`;
    const text = piece.take(where).replace(/\r$/, "");
    return text.trim() === "" ? null : { where, text };
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (chunk[at] !== NEWLINE) continue;
      if (at > from) piece.add(chunk.subarray(from, at), `line ${line}`);
      from = at + 1;
      if (piece.size > 0) {
        const one = take();
        if (one !== null) yield one;
      }
      line++;
    }
    piece.add(chunk.subarray(from), `line ${line}`);
  }
  const last = take();
  if (last !== null) yield last;
}

/**
 * The elements of one JSON array, cut by brackets and quotes alone; what is between the cuts is
 * parsed later. Numbered from 1, because a whole array often stands on one line.
 */
export async function* elements(
  chunks: AsyncGenerator<Uint8Array>,
  name: string,
  limits: Limits,
): AsyncGenerator<Piece> {
  const piece = new Collector(name, limits.line);
  const scan = { depth: 0, quoted: false, escaped: false, done: false };
  let count = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const cut = step(scan, chunk[at] ?? 0, name);
      if (cut === "start") from = at + 1;
      if (cut !== "element" && cut !== "end") continue;
      const where = `record ${count + 1}`;
      piece.add(chunk.subarray(from, at), where);
      from = at + 1;
      const text = piece.take(where);
      if (cut === "element" || count > 0 || text.trim() !== "") {
        count++;
        yield { where, text };
      }
    }
    if (!scan.done) piece.add(chunk.subarray(from), `record ${count + 1}`);
  }
  if (!scan.done) {
    throw new FormatError(
      `${code(name)}: found an array that does not end; expected \`]\` after record ${count}, so the file was cut off. Nothing was imported.`,
    );
  }
}

interface Scan {
  depth: number;
  quoted: boolean;
  escaped: boolean;
  done: boolean;
}

/** Takes one byte; says when the array starts, an element ends, or the array ends. */
function step(scan: Scan, byte: number, name: string): "start" | "element" | "end" | null {
  if (scan.quoted) {
    if (scan.escaped) scan.escaped = false;
    else if (byte === BACKSLASH) scan.escaped = true;
    else if (byte === QUOTE) scan.quoted = false;
    return null;
  }
  if (scan.done || scan.depth === 0) return outside(scan, byte, name);
  if (byte === QUOTE) scan.quoted = true;
  else if (byte === 0x5b || byte === 0x7b) {
    if (++scan.depth > DEPTH_LIMIT + 1) {
      throw new FormatError(
        `${code(name)}: found nesting deeper than ${DEPTH_LIMIT} levels; expected less. Nothing was imported.`,
      );
    }
  } else if (byte === 0x5d || byte === 0x7d) {
    if (--scan.depth > 0) return null;
    scan.done = true;
    return "end";
  } else if (byte === 0x2c && scan.depth === 1) return "element";
  return null;
}

/** Before the array and after it only white space may stand. */
function outside(scan: Scan, byte: number, name: string): "start" | null {
  if (byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d) return null;
  if (byte === 0x5b && !scan.done) {
    scan.depth = 1;
    return "start";
  }
  throw new FormatError(
    `${code(name)}: found text after the end of the array; expected one array. Nothing was imported.`,
  );
}
