// The ways in which pages of Parquet are packed, each unpacked to exactly as many bytes as the page says.
import { gunzipSync } from "fflate";
import { decompress } from "fzstd";
import { whole } from "./parquet-thrift.ts";
import { unsnap } from "./snappy.ts";

type Unpack = (bytes: Uint8Array, size: number) => Uint8Array;

/** By the name of the format's specification; LZO, BROTLI and the two kinds of LZ4 are not read. */
const CODECS: Readonly<Record<string, Unpack>> = {
  UNCOMPRESSED: (bytes, size) => {
    whole(size === bytes.length ? 0 : -1, 0, "page of another size:");
    return bytes;
  },
  SNAPPY: unsnap,
  GZIP: (bytes, size) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (bytes.length < 18 || view.getUint32(bytes.length - 4, true) !== size) throw otherSize();
    return library(() => gunzipSync(bytes, { out: new Uint8Array(size) }), size);
  },
  ZSTD: (bytes, size) => {
    if (size === 0 && bytes.length === 0) return bytes;
    if (frameSize(bytes) !== size) throw otherSize();
    return library(() => decompress(bytes, new Uint8Array(size)), size);
  },
};

/** The same for hyparquet, which does what is not packed by itself. */
export const compressors: Record<string, Unpack> = CODECS;

/** @throws RangeError when the bytes are packed in another way, or do not hold as many as that */
export function unpack(bytes: Uint8Array, size: number, codec: string): Uint8Array {
  const made = Object.hasOwn(CODECS, codec) ? CODECS[codec] : undefined;
  if (made === undefined) throw new RangeError(`the compression ${codec}`);
  return made(bytes, size);
}

/** What a library throws, and a page that it ends early, as the errors of this reader. */
function library(run: () => Uint8Array, size: number): Uint8Array {
  let made: Uint8Array;
  try {
    made = run();
  } catch (error) {
    throw new RangeError(`a page that cannot be unpacked: ${String(error)}`, { cause: error });
  }
  if (made.length !== size) throw otherSize();
  return made;
}

function otherSize(): RangeError {
  return new RangeError("a page of another size than it says");
}

/** The size that the header of a Zstandard frame gives (RFC 8878, section 3.1.1.1), or null where it gives none. */
function frameSize(bytes: Uint8Array): number | null {
  const flags = bytes[4] ?? 0;
  const single = (flags >> 5) & 1;
  const code = flags >> 6;
  const length = code === 0 ? single : 1 << code;
  const at = 6 - single + [0, 1, 2, 4][flags & 3]!;
  if (length === 0 || bytes.length < at + length) return null;
  let value = code === 1 ? 256 : 0;
  for (let i = 0; i < length; i++) value += bytes[at + i]! * 256 ** i;
  return value;
}
