// Parquet out and in, through hyparquet, which is loaded only when a file asks for it.
import type { FileMetaData, SchemaElement } from "hyparquet";
import { Meter } from "./bytes.ts";
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
  const { checkFooter, checkPages } = await import("./parquet-pages.ts");
  const { unsnap } = await import("./snappy.ts");
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const whole = await guarded(name, () => {
    checkFooter(file);
    return parquet.parquetMetadataAsync(file, { geoparquet: false });
  });
  checkSize(whole, bytes.length, name, limits);
  await guarded(name, () => checkPages(whole, file, limits));
  const meter = new Meter(name, limits);
  meter.packed(bytes.length);
  let before = 0;
  for (const group of whole.row_groups.filter(({ num_rows }) => num_rows > 0)) {
    // The reader goes through all row groups that it is given, so it is given one.
    const metadata = { ...whole, row_groups: [group], num_rows: group.num_rows };
    const rows = await guarded(name, () =>
      parquet.parquetReadObjects({ file, metadata, parsers, compressors: { SNAPPY: unsnap } }),
    );
    for (const [i, row] of rows.entries()) {
      const value = await guarded(name, () => plain(row, meter) as Record<string, unknown>);
      yield { where: `row ${before + i + 1}`, value };
    }
    before += rows.length;
  }
}

/** Shapes are left as bytes: nothing here reads them. */
const parsers = {
  geometryFromBytes: (bytes: Uint8Array | undefined) => bytes,
  geographyFromBytes: (bytes: Uint8Array | undefined) => bytes,
};

async function guarded<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FormatError) throw error;
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
  // Rows of texts take more than three bytes each; a row of nothing takes two microseconds and 100 bytes.
  const fits = rows >= 0 && rows === groups && rows <= Math.max(2 ** 16, size / 3);
  if (!fits || !(unpacked <= limits.total)) {
    throw new FormatError(
      `${code(name)}: found ${rows} rows of ${unpacked} bytes in a file of ${size} bytes; expected counts that agree. Nothing was imported.`,
    );
  }
}

/** Levels of objects and lists in a row: as in JSON lines. */
const DEEPEST = 64;

/**
 * A value with JSON's types only: whole numbers of 64 bits as numbers or text, dates as text.
 * A text that many rows share counts for each of them.
 */
function plain(value: unknown, meter: Meter, depth = 0): unknown {
  if (depth > DEEPEST) throw new RangeError(`nesting deeper than ${DEEPEST} levels`);
  meter.add(typeof value === "string" ? 1 + value.length : 1);
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return value.map((item) => plain(item, meter, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value);
  return Object.assign(
    Object.create(null) as object,
    Object.fromEntries(members.map(([key, member]) => [key, plain(member, meter, depth + 1)])),
  );
}
