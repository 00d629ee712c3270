// Walks over the encoded values of a Parquet page: an error where hyparquet would not come back from them.
import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import { TooMuch } from "./errors.ts";
import { left, skip, varint, whole } from "./parquet-thrift.ts";
import type { Reader } from "./parquet-thrift.ts";

/** What the pages of a file may still make; it shrinks as they are walked over. */
export interface Budget {
  values: number;
  bytes: number;
  /** most values of one page, and bytes of its texts where they are stored by what they have in common */
  readonly page: number;
  readonly texts: number;
}

/** @throws TooMuch when nothing is left of the budget */
export function spend(budget: Budget, kind: "values" | "bytes", n: number): void {
  budget[kind] -= n;
  if (!(budget[kind] >= 0)) throw new TooMuch(`more ${kind} than a file of its size may hold`);
}

/** Values of a page: all of them are in memory at once. */
export function spendPage(budget: Budget, n: number): void {
  if (n > budget.page) throw new TooMuch("a page of more values than a file of its size may hold");
  spend(budget, "values", n);
}

/** How the values of a column are stored. */
export interface Stored {
  type: string;
  /** Bytes of a value of fixed length. */
  fixed: number;
  /** Most bytes of a value: those of a decimal take time that grows with the square. */
  longest: number;
  /** How many values one that is not in a dictionary counts for, by the time and memory that converting it takes. */
  weight: number;
}

/**
 * Walks over runs of `count` numbers of `width` bits, run-length encoded or bit-packed.
 * @returns how many of them are `wanted`, a number of at most 8 bits
 */
export function walkRuns(reader: Reader, width: number, count: number, wanted = -1): number {
  let seen = 0;
  let equal = 0;
  while (seen < count) {
    const header = varint(reader);
    const n = header >>> 1;
    if ((header & 1) === 0) {
      whole(n, count - seen, "run of length");
      let value = 0;
      for (let i = 0; i < (width + 7) >> 3; i++) {
        value |= reader.view.getUint8(reader.offset++) << (8 * i);
      }
      if (value === wanted) equal += n;
      seen += n;
    } else {
      // Groups of eight; hyparquet takes n << 3 for their number, and one byte when they have none.
      whole(n, width === 0 ? (count - seen + 7) / 8 : 2 ** 28 - 1, "run of groups");
      const start = reader.offset;
      skip(reader, n * width || Math.min(1, left(reader)));
      const taken = Math.min(8 * n, count - seen);
      if (wanted >= 0) equal += equalBits(reader.view, start, width, taken, wanted);
      seen += taken;
    }
  }
  return equal;
}

function equalBits(
  view: DataView,
  start: number,
  width: number,
  n: number,
  wanted: number,
): number {
  const mask = 2 ** width - 1;
  let equal = 0;
  for (let i = 0; i < n; i++) {
    const bit = i * width;
    const at = start + Math.floor(bit / 8);
    const low = width === 0 ? 0 : view.getUint8(at);
    const high = (bit % 8) + width > 8 ? view.getUint8(at + 1) : 0;
    if ((((high << 8) | low) >> bit % 8 & mask) === wanted) equal++; // prettier-ignore
  }
  return equal;
}

/** The same runs with their length in bytes before them. */
export function walkPrefixed(reader: Reader, width: number, count: number, wanted = -1): number {
  const length = reader.view.getUint32(reader.offset, true);
  reader.offset += 4;
  const start = reader.offset;
  const equal = walkRuns(reader, width, count, wanted);
  reader.offset = start;
  skip(reader, length);
  return equal;
}

const WIDTHS: Record<string, number> = { INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8 };

function widthOf({ type, fixed, longest }: Stored): number {
  const width = type === "FIXED_LEN_BYTE_ARRAY" ? fixed : WIDTHS[type];
  return whole(width, longest, `width of ${type}`);
}

/** Walks over values that stand one after the other. */
export function walkPlain(reader: Reader, count: number, stored: Stored): void {
  if (stored.type === "BOOLEAN") return skip(reader, Math.ceil(count / 8));
  if (stored.type !== "BYTE_ARRAY") return skip(reader, count * widthOf(stored));
  for (let i = 0; i < count; i++) {
    const length = reader.view.getUint32(reader.offset, true);
    reader.offset += 4;
    skip(reader, whole(length, stored.longest, "value of length"));
  }
}

/** Walks over one list of differences. */
function walkDeltas(reader: Reader, count: number): void {
  const block = varint(reader);
  const parts = varint(reader);
  const each = block / parts;
  if (!(parts > 0 && each > 0 && each % 32 === 0)) throw new RangeError("a block of no size");
  varint(reader); // the count again
  varint(reader); // the first value
  for (let seen = 1; seen < count;) {
    varint(reader); // the least difference
    const widths = reader.offset;
    skip(reader, parts);
    for (let i = 0; i < parts && seen < count; i++) {
      const width = whole(reader.view.getUint8(widths + i), 64, "width");
      reader.offset += (each * width) / 8;
      seen += each;
    }
  }
}

function lengths(reader: Reader, count: number): Int32Array {
  walkDeltas({ ...reader }, count);
  const all = new Int32Array(count);
  deltaBinaryUnpack(reader, count, all);
  return all;
}

function walkDeltaTexts(reader: Reader, count: number, { longest }: Stored): void {
  let total = 0;
  for (const length of lengths(reader, count)) total += whole(length, longest, "value of length");
  skip(reader, total);
}

/** Texts that begin like the one before: few bytes can make many, so they are counted. */
function walkPrefixTexts(reader: Reader, count: number, { longest }: Stored, budget: Budget): void {
  const prefixes = lengths(reader, count);
  const suffixes = lengths(reader, count);
  let previous = 0;
  let page = 0;
  for (const [i, suffix] of suffixes.entries()) {
    const prefix = whole(prefixes[i], previous, "prefix of length");
    skip(reader, whole(suffix, longest, "value of length"));
    previous = whole(prefix + suffix, longest, "value of length");
    spend(budget, "bytes", previous);
    page += previous;
    if (page > budget.texts) throw new TooMuch("a page of more text than a file of its size may hold"); // prettier-ignore
  }
}

/** Walks over the values of a data page; `second` is the second version of its layout. */
export function walkValues(
  reader: Reader,
  count: number,
  encoding: string | undefined,
  second: boolean,
  stored: Stored,
  budget: Budget,
): void {
  if (count === 0) return;
  if (encoding?.endsWith("_DICTIONARY") !== true) spendPage(budget, count * stored.weight);
  switch (encoding) {
    case "PLAIN":
      return walkPlain(reader, count, stored);
    case "RLE":
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY":
      if (second ? encoding === "RLE" : stored.type === "BOOLEAN") walkPrefixed(reader, 1, count);
      else {
        const width = whole(reader.view.getUint8(reader.offset++), 32, "width");
        // The first version leaves out the runs of no width.
        if (second || width > 0) walkRuns(reader, width, count);
      }
      return;
    case "BYTE_STREAM_SPLIT":
      return skip(reader, count * widthOf(stored));
    case "DELTA_BINARY_PACKED":
      return walkDeltas(reader, count);
    case "DELTA_LENGTH_BYTE_ARRAY":
      return walkDeltaTexts(reader, count, stored);
    case "DELTA_BYTE_ARRAY":
      return walkPrefixTexts(reader, count, stored, budget);
    default:
      throw new RangeError(`the encoding ${encoding ?? "of no name"}`);
  }
}
