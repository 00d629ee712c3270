// Walks over Thrift's compact protocol before hyparquet reads it and believes every length in it.

/** Where in the bytes a walk is; reading past the end throws a RangeError. */
export interface Reader {
  view: DataView;
  offset: number;
}

export function readerOf(bytes: Uint8Array): Reader {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
}

export function left({ view, offset }: Reader): number {
  return view.byteLength - offset;
}

/** A whole number from 0 to `most`; hyparquet hands on whatever type the file gave. */
export function whole(value: unknown, most: number, what: string): number {
  const fits = Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= most;
  if (!fits) throw new RangeError(`${what} ${typeof value === "number" ? value : "unknown"}`);
  return Number(value);
}

/** The same for a number of 64 bits. */
export function whole64(value: unknown, most: number, what: string): number {
  return whole(typeof value === "bigint" ? Number(value) : value, most, what);
}

/** An unsigned LEB128 number, its low 32 bits with a sign as hyparquet reads it. */
export function varint(reader: Reader): number {
  let result = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = reader.view.getUint8(reader.offset++);
    result |= (byte & 0x7f) << (shift & 31);
    if (byte < 0x80) return result;
  }
  // The time that hyparquet takes for one grows with the square of its length.
  throw new RangeError("a number of more than 70 bits");
}

export function skip(reader: Reader, bytes: number): void {
  if (!(bytes >= 0 && bytes <= left(reader))) throw new RangeError(`a length of ${bytes} bytes`);
  reader.offset += bytes;
}

/** Structs and lists in each other: the metadata of a file has 8. */
const DEEPEST = 16;

/** Walks to the end of one struct. */
export function walkStruct(reader: Reader, depth = 0): void {
  if (depth > DEEPEST) throw new RangeError(`metadata nested deeper than ${DEEPEST}`);
  for (;;) {
    const byte = reader.view.getUint8(reader.offset++);
    if ((byte & 15) === 0) return;
    if (byte >> 4 === 0) varint(reader);
    walkElement(reader, byte & 15, depth + 1);
  }
}

function walkElement(reader: Reader, type: number, depth: number): void {
  switch (type) {
    case 1: // true and false, which are their type
    case 2:
      return;
    case 3:
      return skip(reader, 1);
    case 4:
    case 5:
    case 6:
      return void varint(reader);
    case 7:
      return skip(reader, 8);
    case 8:
      return skip(reader, varint(reader));
    case 9:
      return walkList(reader, depth);
    case 12:
      return walkStruct(reader, depth);
    default:
      throw new RangeError(`metadata of type ${type}`);
  }
}

function walkList(reader: Reader, depth: number): void {
  if (depth > DEEPEST) throw new RangeError(`metadata nested deeper than ${DEEPEST}`);
  const byte = reader.view.getUint8(reader.offset++);
  const short = byte >> 4;
  const size = whole(short === 15 ? varint(reader) : short, left(reader), "list of length");
  // In a list, true and false take one byte each.
  const type = (byte & 15) < 3 ? 3 : byte & 15;
  for (let i = 0; i < size; i++) walkElement(reader, type, depth + 1);
}
