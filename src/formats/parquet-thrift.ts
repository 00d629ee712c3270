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
/** Fields of a struct are numbered to 20 at most. */
const LAST_FIELD = 64;

/** What metadata may still hold: hyparquet makes an object of every text, however short it is. */
interface Left {
  elements: number;
  texts: number;
}

/**
 * Walks to the end of one struct.
 * @throws RangeError when it is cut off, or of many more elements than metadata of its size has
 */
export function walkStruct(reader: Reader): void {
  const size = left(reader);
  walkFields(reader, 0, { elements: 2 ** 16 + size / 2, texts: 2 ** 14 + size / 6 });
}

function walkFields(reader: Reader, depth: number, rest: Left): void {
  if (depth > DEEPEST) throw new RangeError(`metadata nested deeper than ${DEEPEST}`);
  for (let field = 0; ;) {
    const byte = reader.view.getUint8(reader.offset++);
    if ((byte & 15) === 0) return;
    if (byte >> 4 === 0) {
      // the long form: a signed varint in zigzag, its sign in the lowest bit
      const number = varint(reader);
      field = number & 1 ? -1 : number >>> 1;
    } else field += byte >> 4;
    whole(field, LAST_FIELD, "field");
    walkElement(reader, byte & 15, depth + 1, rest);
  }
}

function walkElement(reader: Reader, type: number, depth: number, rest: Left): void {
  whole(Math.floor(--rest.elements), Number.MAX_SAFE_INTEGER, "elements left");
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
      whole(Math.floor(--rest.texts), Number.MAX_SAFE_INTEGER, "texts left");
      return skip(reader, varint(reader));
    case 9:
      return walkList(reader, depth, rest);
    case 12:
      return walkFields(reader, depth, rest);
    default:
      throw new RangeError(`metadata of type ${type}`);
  }
}

function walkList(reader: Reader, depth: number, rest: Left): void {
  if (depth > DEEPEST) throw new RangeError(`metadata nested deeper than ${DEEPEST}`);
  const byte = reader.view.getUint8(reader.offset++);
  const short = byte >> 4;
  const size = whole(short === 15 ? varint(reader) : short, left(reader), "list of length");
  // In a list, true and false take one byte each.
  const type = (byte & 15) < 3 ? 3 : byte & 15;
  for (let i = 0; i < size; i++) walkElement(reader, type, depth + 1, rest);
}
