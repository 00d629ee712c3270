// Parquet out and in, through hyparquet, which is loaded only when a file asks for it.
import type { FileMetaData, SchemaElement } from "hyparquet";
import type { Limits } from "./bytes.ts";
import type { Column, ColumnType, Value } from "./columns.ts";
import { FormatError, code, found } from "./errors.ts";
import type { Exported } from "./exports.ts";

/** The same rows as the JSON lines, in one Parquet file compressed with Snappy. */
export async function writeParquet({ columns, rows }: Exported): Promise<ArrayBuffer> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const root: SchemaElement = { name: "root", num_children: columns.length };
  return parquetWriteBuffer({
    schema: [root, ...columns.flatMap(elements)],
    columnData: columns.map(({ name, type }) => ({
      name,
      data: rows.map((row) => parquetValue(type, row[name])),
    })),
  });
}

/** The schema elements of a column, depth first; lists in the three levels of the specification. */
function elements({ name, type }: Column): SchemaElement[] {
  const optional = { name, repetition_type: "OPTIONAL" } as const;
  switch (type) {
    case "string":
      return [{ ...optional, type: "BYTE_ARRAY", converted_type: "UTF8" }];
    case "int64":
      return [{ ...optional, type: "INT64" }];
    case "float64":
      return [{ ...optional, type: "DOUBLE" }];
    case "bool":
      return [{ ...optional, type: "BOOLEAN" }];
    default:
      return "list" in type
        ? [
            { ...optional, converted_type: "LIST", num_children: 1 },
            { name: "list", repetition_type: "REPEATED", num_children: 1 },
            ...elements({ name: "element", type: type.list }),
          ]
        : [{ ...optional, num_children: type.struct.length }, ...type.struct.flatMap(elements)];
  }
}

function parquetValue(type: ColumnType, value: Value | undefined): unknown {
  if (typeof type === "string") return type === "int64" ? BigInt(value as number) : value;
  if ("list" in type) return (value as Value[]).map((item) => parquetValue(type.list, item));
  const given = value as Record<string, Value>;
  return Object.fromEntries(
    type.struct.map((column) => [column.name, parquetValue(column.type, given[column.name])]),
  );
}

/** One row as JSON would give it, and its number from 1. */
export interface ParquetRecord {
  where: string;
  value: Record<string, unknown>;
}

/**
 * The rows of a Parquet file, in batches.
 * @throws FormatError when the file is damaged, too large or compressed by anything but Snappy
 */
export async function* readParquet(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  limits: Limits,
): AsyncGenerator<ParquetRecord> {
  const parquet = await import("hyparquet");
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const metadata = await guarded(name, () => parquet.parquetMetadataAsync(file));
  checkSize(metadata, bytes.length, name, limits);
  const most = Math.min(limits.whole, Math.max(2 ** 20, limits.ratio * bytes.length));
  await guarded(name, () => checkPages(metadata, file, limits.ratio * bytes.length, most));
  const compressors = {
    SNAPPY: (input: Uint8Array, size: number) => {
      if (size > most) throw new RangeError(`a page of ${size} bytes`);
      const output = new Uint8Array(size);
      parquet.snappyUncompress(input, output);
      return output;
    },
  };
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const range = { rowStart, rowEnd };
    const rows = await guarded(name, () =>
      parquet.parquetReadObjects({ file, metadata, ...range, compressors }),
    );
    for (const [i, row] of rows.entries()) {
      yield { where: `row ${rowStart + i + 1}`, value: plain(row) as Record<string, unknown> };
    }
    rowStart = rowEnd;
  }
}

/**
 * Walks over all page headers and refuses sizes that the reader would believe: it makes lists as
 * long as they say and does not come back from a size that is missing.
 */
async function checkPages(
  { row_groups }: FileMetaData,
  file: ArrayBuffer,
  mostValues: number,
  mostBytes: number,
): Promise<void> {
  const { parquetHeader } = await import("hyparquet/src/column.js");
  const fits = (n: unknown, most: number) =>
    Number.isSafeInteger(n) && Number(n) >= 0 && Number(n) <= most;
  for (const { meta_data: chunk } of row_groups.flatMap((group) => group.columns)) {
    if (chunk === undefined) throw new RangeError("a column without a description");
    const start = Number(chunk.dictionary_page_offset ?? chunk.data_page_offset);
    const size = Number(chunk.total_compressed_size);
    if (!fits(start, file.byteLength) || !fits(size, file.byteLength - start)) {
      throw new RangeError("a column outside of the file");
    }
    const reader = { view: new DataView(file, start, size), offset: 0 };
    while (reader.offset < size - 1) {
      const header = parquetHeader(reader);
      const page =
        header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header;
      const sized =
        fits(header.compressed_page_size, size - reader.offset) &&
        fits(header.uncompressed_page_size, mostBytes) &&
        fits(page?.num_values, mostValues);
      if (!sized) throw new RangeError("a page of an impossible size");
      reader.offset += header.compressed_page_size;
    }
  }
}

async function guarded<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(
      `${code(name)}: found Parquet data that cannot be read (${found(reason)}); expected an undamaged file without compression or with Snappy. Nothing was imported.`,
    );
  }
}

/** Refuses counts that the file is too small to hold, before anything of that size is made. */
function checkSize(metadata: FileMetaData, size: number, name: string, limits: Limits): void {
  const rows = Number(metadata.num_rows);
  const groups = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  const unpacked = metadata.row_groups.reduce((sum, g) => sum + Number(g.total_byte_size), 0);
  const fits = rows >= 0 && rows === groups && rows <= size * limits.ratio;
  if (!fits || !(unpacked <= limits.total)) {
    throw new FormatError(
      `${code(name)}: found ${rows} rows of ${unpacked} bytes in a file of ${size} bytes; expected counts that agree. Nothing was imported.`,
    );
  }
}

/** A value with JSON's types only: whole numbers of 64 bits as numbers or text, dates as text. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.assign(
    Object.create(null) as object,
    Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)])),
  );
}
