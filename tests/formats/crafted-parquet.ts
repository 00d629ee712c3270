// Parquet files byte by byte: what no writer would write. Thrift's compact protocol, one row group, pages of version 1.

type Bytes = readonly number[] | Uint8Array;

/** LEB128. */
export function varint(n: number): number[] {
  const bytes: number[] = [];
  for (let rest = n; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

export const zigzag = (n: number): number[] => varint(n < 0 ? -2 * n - 1 : 2 * n);

export const concat = (...parts: Bytes[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.concat(parts.map((part) => Buffer.from(part))));

/** A field of a struct: its number, its type in Thrift, and its bytes. */
type Field = readonly [id: number, type: number, bytes: Bytes] | undefined;

export function struct(...fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  let last = 0;
  const parts = fields.flatMap((field) => {
    if (field === undefined) return [];
    const [id, type, bytes] = field;
    const step = id - last;
    last = id;
    return [step > 0 && step < 16 ? [step * 16 + type] : [type, ...zigzag(id)], bytes];
  });
  return concat(...parts, [0]);
}

export const int = (id: number, n: number | undefined): Field =>
  n === undefined ? undefined : [id, 5, zigzag(n)];
const long = (id: number, n: number): Field => [id, 6, zigzag(n)];
const text = (value: string): Uint8Array =>
  concat(varint(Buffer.byteLength(value)), Buffer.from(value));
const list = (id: number, type: number, items: readonly Bytes[]): Field => [
  id,
  9,
  concat([0xf0 + type], varint(items.length), ...items),
];

/** Runs of the hybrid encoding: the same number so many times. */
export const run = (count: number, value: number): number[] => [...varint(2 * count), value];

/** Levels and runs of version 1: their length before them. */
export const prefixed = (...runs: Bytes[]): Uint8Array => {
  const bytes = concat(...runs);
  return concat(new Uint8Array(Uint32Array.of(bytes.length).buffer), bytes);
};

/** Differences that are all `step`, in one block that is longer than the list. */
export const deltas = (count: number, first: number, step: number): Uint8Array =>
  concat(varint(2 ** 30), [1], varint(count), zigzag(first), zigzag(step), [0]);

export const ENCODINGS = { PLAIN: 0, DELTA: 5, DELTA_LENGTH: 6, DELTA_TEXTS: 7, DICTIONARY: 8 };

export const dataPage = (count: number, encoding: number, ...body: Bytes[]): Uint8Array => {
  const bytes = concat(...body);
  const header = struct(int(1, 0), int(2, bytes.length), int(3, bytes.length), [5, 12, struct(int(1, count), int(2, encoding), int(3, 3), int(4, 3))]); // prettier-ignore
  return concat(header, bytes);
};

export const dictionaryPage = (count: number, ...body: Bytes[]): Uint8Array => {
  const bytes = concat(...body);
  const header = struct(int(1, 2), int(2, bytes.length), int(3, bytes.length), [7, 12, struct(int(1, count), int(2, 0))]); // prettier-ignore
  return concat(header, bytes);
};

const TYPES = { INT32: 1, INT64: 2, INT96: 3, BYTE_ARRAY: 6 } as const;
export const CONVERTED = { UTF8: 0, DECIMAL: 5, DATE: 6, TIMESTAMP_MILLIS: 9, JSON: 19 } as const;

/** An element of the schema; repetition: 0 required, 1 optional, 2 repeated. */
export interface Element {
  name: string;
  type?: keyof typeof TYPES;
  repetition?: number;
  children?: number;
  converted?: number;
  /** the field of a logical type that holds nothing else, as 14 for UUID */
  logical?: number;
}

const elementOf = ({ name, type, repetition, children, converted, logical }: Element) =>
  struct(
    int(1, type === undefined ? undefined : TYPES[type]),
    int(3, repetition),
    [4, 8, text(name)],
    int(5, children),
    int(6, converted),
    logical === undefined ? undefined : [10, 12, struct([logical, 12, struct()])],
  );

/** A file of one column, below elements that lead to it one in another. */
export function crafted(
  elements: readonly Element[],
  rows: number,
  pages: Uint8Array,
  { dictionary = false, footer = [] as Field[] } = {},
): Uint8Array<ArrayBuffer> {
  const leaf = elements.at(-1);
  const chunk = struct(
    int(1, TYPES[leaf?.type ?? "INT32"]),
    list(2, 5, [zigzag(0)]),
    list(3, 8, elements.map(({ name }) => text(name))), // prettier-ignore
    int(4, 0),
    long(5, 0),
    long(6, pages.length),
    long(7, pages.length),
    long(9, 4),
    dictionary ? long(11, 4) : undefined,
  );
  const group = struct(
    list(1, 12, [struct(long(2, 4), [3, 12, chunk])]),
    long(2, 1),
    long(3, rows),
  );
  const root = elementOf({ name: "root", children: 1 });
  const schema = [root, ...elements.map(elementOf)];
  const end = struct(int(1, 1), list(2, 12, schema), long(3, rows), list(4, 12, [group]), ...footer); // prettier-ignore
  const size = new Uint8Array(Uint32Array.of(end.length).buffer);
  return concat(Buffer.from("PAR1"), pages, end, size, Buffer.from("PAR1"));
}
