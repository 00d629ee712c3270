// Parquet out and in, through hyparquet, which is loaded only when a file asks for it.
import type { FileMetaData, SchemaElement } from "hyparquet";
import type { Limits } from "./bytes.ts";
import type { Column, ColumnType, Value } from "./columns.ts";
import { FormatError, TooMuch, code, found } from "./errors.ts";
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
 * Most characters in the rows of a small file, with what values, lists and objects count for: many rows may share the
 * same texts, which are in the file once.
 */
const SHARED = 512 * 2 ** 20;

/**
 * The rows of a Parquet file, one at a time.
 * @throws FormatError when the file is damaged, too large or packed by anything but Snappy, GZIP or Zstandard
 */
export async function* readParquet(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  limits: Limits,
): AsyncGenerator<ParquetRecord> {
  const parquet = await import("hyparquet");
  const { checkFooter, checkPages } = await import("./parquet-pages.ts");
  const { rowsOf } = await import("./parquet-rows.ts");
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const whole = await guarded(name, () => {
    checkFooter(file);
    return parquet.parquetMetadataAsync(file, { geoparquet: false });
  });
  checkSize(whole, bytes.length, name, limits);
  await guarded(name, () => checkPages(whole, file, limits));
  const most = Math.min(limits.total, Math.max(SHARED, limits.ratio * bytes.length));
  let made = 0;
  let before = 0;
  const count = (size: number) => {
    made += size;
    if (made > most) throw new TooMuch(`rows of more than ${most} characters`);
    if (made - before > limits.line) {
      throw new TooMuch(`more than ${limits.line} characters in row ${row + 1}`);
    }
  };
  let row = 0;
  for (const group of whole.row_groups) {
    const rows = await guarded(name, () => rowsOf(whole, group, file, count));
    for (;;) {
      before = made;
      const next = await guarded(name, () => rows.next());
      if (next.done === true) break;
      yield { where: `row ${++row}`, value: next.value };
    }
  }
}

async function guarded<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    if (error instanceof TooMuch) {
      throw new FormatError(
        `${code(name)}: found ${error.message}; expected less than that, or the same rows as JSON lines. Nothing was imported.`,
      );
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(
      `${code(name)}: found Parquet data that cannot be read (${found(reason)}); expected an undamaged file without compression or with Snappy, GZIP or Zstandard. Nothing was imported.`,
    );
  }
}

/** Refuses counts that the file is too small to hold, before anything of that size is made. */
function checkSize(metadata: FileMetaData, size: number, name: string, limits: Limits): void {
  const rows = Number(metadata.num_rows);
  const groups = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  const unpacked = metadata.row_groups.reduce((sum, g) => sum + Number(g.total_byte_size), 0);
  if (!(rows >= 0 && rows === groups && unpacked <= limits.total)) {
    throw new FormatError(
      `${code(name)}: found ${rows} rows of ${unpacked} bytes in a file of ${size} bytes; expected counts that agree. Nothing was imported.`,
    );
  }
}
