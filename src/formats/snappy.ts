// Snappy's block format, unpacked with every length checked: hyparquet's own can run backwards for ever.
import { left, readerOf, skip, varint, whole } from "./parquet-thrift.ts";
import type { Reader } from "./parquet-thrift.ts";

/**
 * The `size` bytes that were packed.
 * @throws RangeError when there are not exactly that many
 */
export function unsnap(input: Uint8Array, size: number): Uint8Array {
  if (size === 0 && input.length === 0) return new Uint8Array(0);
  const reader = readerOf(input);
  if (varint(reader) !== size) throw new RangeError("a page of another size than it says");
  const output = new Uint8Array(size);
  let at = 0;
  while (left(reader) > 0) {
    const tag = reader.view.getUint8(reader.offset++);
    const high = tag >>> 2;
    if ((tag & 3) === 0) {
      const length = (high < 60 ? high : little(reader, high - 59)) + 1;
      const start = reader.offset;
      skip(reader, whole(length, size - at, "literal of length"));
      output.set(input.subarray(start, start + length), at);
      at += length;
    } else {
      const short = (tag & 3) === 1;
      const length = whole(short ? (high & 7) + 4 : high + 1, size - at, "copy of length");
      const back = short ? (tag >>> 5) * 256 + little(reader, 1) : little(reader, tag & 2 ? (tag & 1 ? 4 : 2) : 0); // prettier-ignore
      if (back === 0 || back > at) throw new RangeError(`a copy from ${back} bytes back`);
      if (back >= length) output.copyWithin(at, at - back, at - back + length);
      else for (let i = 0; i < length; i++) output[at + i] = output[at + i - back] ?? 0;
      at += length;
    }
  }
  if (at !== size) throw new RangeError("a page that ends early");
  return output;
}

/** A whole number of `bytes` bytes, the lowest first. */
function little(reader: Reader, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value += reader.view.getUint8(reader.offset++) * 256 ** i;
  return value;
}
