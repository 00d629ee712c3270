// Everything in a Parquet file that hyparquet would believe, checked before it decodes a page.
import { unpack } from "./parquet-codecs.ts";
import type { ColumnMetaData, FileMetaData, PageHeader, SchemaElement } from "hyparquet";
import { ConvertedTypes, ParquetTypes } from "hyparquet/src/constants.js";
import { parquetHeader } from "hyparquet/src/column.js";
import { deserializeTCompactProtocol } from "hyparquet/src/thrift.js";
import type { Limits } from "./bytes.ts";
import { left, readerOf, walkStruct, whole, whole64 } from "./parquet-thrift.ts";
import {
  spend,
  spendPage,
  walkPlain,
  walkPrefixed,
  walkRuns,
  walkValues,
} from "./parquet-values.ts";
import type { Budget, Stored } from "./parquet-values.ts";

/** The most levels and columns of a schema: hyparquet looks every column up in a list. */
const DEEPEST = 64;
const MOST_COLUMNS = 4096;
/** Most bytes of a decimal: 76 digits. */
const DECIMAL = 32;
/** Bytes of an identifier and of a short float; hyparquet takes as many as there are. */
const UUID = 16;
const FLOAT16 = 2;

/** The parts of the metadata that hyparquet already converts while it reads them. */
interface Footer {
  field_2?: { field_1?: number; field_6?: number }[];
  field_4?: { field_1: { field_3?: { field_12?: Record<string, unknown> } }[] }[];
}

/**
 * Most values per byte of a file of more than 512 KiB, each counted once per level and a row as four more: a tenth of a
 * microsecond each, so a megabyte of nulls is read in less than a second (docs/FORMATS.md).
 */
const VALUES = 8;
const PER_ROW = 4;
/** Most values of a page per byte of a file, of a file of more than 4 MiB. */
const PAGE_VALUES = 1 / 4;

/** Checks the metadata at the end of a file before it is read. */
export function checkFooter(file: ArrayBuffer): void {
  const view = new DataView(file);
  const end = view.byteLength - 8;
  const length = whole(view.getUint32(end, true), end, "footer of length");
  walkStruct({ view, offset: end - length });
  const footer: Footer = deserializeTCompactProtocol({ view, offset: end - length });
  const leaves = (footer.field_2 ?? []).filter((e) => ParquetTypes[e.field_1 ?? -1] !== undefined);
  for (const column of (footer.field_4 ?? []).flatMap((group) => [...group.field_1.entries()])) {
    if (leaves[column[0]]?.field_6 !== ConvertedTypes.indexOf("DECIMAL")) continue;
    for (const bound of Object.values(column[1].field_3?.field_12 ?? {})) {
      if (bound instanceof Uint8Array) whole(bound.length, DECIMAL, "decimal of length");
    }
  }
}

interface Column extends Stored {
  /** The names below the root. */
  path: string[];
  codec: string;
  /** The highest repetition and definition level. */
  repeated: number;
  defined: number;
}

/** The schema's leaves as the elements on the way to each, in the order in which row groups have them. */
function leavesOf(schema: SchemaElement[]): SchemaElement[][] {
  const open: { element: SchemaElement; missing: number; names: Set<string> }[] = [];
  const leaves: SchemaElement[][] = [];
  for (const [i, element] of schema.entries()) {
    while (open.at(-1)?.missing === 0) open.pop();
    const parent = open.at(-1);
    if ((parent === undefined) !== (i === 0)) throw new RangeError("a schema of several trees");
    const twice = parent?.names.has(element.name) === true;
    if (twice || element.logical_type?.type === "VARIANT") {
      throw new RangeError(`the column ${element.name}`);
    }
    if (parent !== undefined) {
      parent.missing--;
      parent.names.add(element.name);
    }
    const children = whole(element.num_children ?? 0, schema.length, "number of children");
    open.push({ element, missing: children, names: new Set() });
    if (children === 0) leaves.push(open.map((node) => node.element));
    whole(open.length, DEEPEST, "depth of the schema");
  }
  if (open.some(({ missing }) => missing > 0)) throw new RangeError("a schema cut off");
  whole(leaves.length, MOST_COLUMNS, "number of columns");
  return leaves;
}

function columnOf(elements: SchemaElement[], chunk: ColumnMetaData, limits: Limits): Column {
  const below = elements.slice(1);
  const path = below.map(({ name }) => name);
  const leaf = below.at(-1);
  const same =
    leaf?.type !== undefined &&
    leaf.type === chunk.type &&
    path.length === chunk.path_in_schema.length &&
    path.every((name, i) => name === chunk.path_in_schema[i]);
  if (!same) throw new RangeError("a column that is not the schema's");
  return {
    path,
    codec: chunk.codec,
    repeated: elements.filter((element) => element.repetition_type === "REPEATED").length,
    defined: below.filter((element) => element.repetition_type !== "REQUIRED").length,
    type: chunk.type,
    fixed: leaf.type_length ?? 0,
    longest: Math.min(longestOf(leaf), limits.line),
    weight: weightOf(leaf),
  };
}

function longestOf({ converted_type, logical_type }: SchemaElement): number {
  if (converted_type === "DECIMAL" || logical_type?.type === "DECIMAL") return DECIMAL;
  if (logical_type?.type === "UUID") return UUID;
  return logical_type?.type === "FLOAT16" ? FLOAT16 : Number.MAX_SAFE_INTEGER;
}

/** How many values one counts for, from the time and memory of 4 million of each (docs/LOG.md), rounded up. */
function weightOf({ type, converted_type, logical_type }: SchemaElement): number {
  const converted = /DATE|TIMESTAMP|DECIMAL|JSON/.test(converted_type ?? "");
  if (converted || type === "INT96" || logical_type?.type === "UUID") return 8;
  if (/TIMESTAMP|DATE|FLOAT16|DECIMAL|JSON/.test(logical_type?.type ?? "")) return 8;
  return type === "BYTE_ARRAY" || type === "FIXED_LEN_BYTE_ARRAY" ? 4 : type === "INT64" ? 2 : 1;
}

/**
 * Walks over all pages and refuses what the reader would believe: it makes lists as long as they
 * say, and does not come back from a length that is missing or from runs without an end.
 */
export function checkPages(
  { schema, row_groups }: FileMetaData,
  file: ArrayBuffer,
  limits: Limits,
): void {
  const leaves = leavesOf(schema);
  let unread = file.byteLength;
  const budget: Budget = {
    values: VALUES * Math.max(2 ** 19, file.byteLength),
    bytes: Math.min(limits.total, Math.max(2 ** 20, limits.ratio * file.byteLength)),
    page: Math.max(2 ** 20, PAGE_VALUES * file.byteLength),
    texts: Math.max(2 ** 25, 2 * file.byteLength),
  };
  for (const group of row_groups) {
    whole(group.columns.length, leaves.length, "number of columns");
    const rows = whole64(group.num_rows, Number.MAX_SAFE_INTEGER, "number of rows");
    spend(budget, "values", PER_ROW * rows);
    for (const [i, elements] of leaves.entries()) {
      const chunk = group.columns[i]?.meta_data;
      if (chunk === undefined) throw new RangeError("a column without a description");
      const column = columnOf(elements, chunk, limits);
      const offset = chunk.dictionary_page_offset || chunk.data_page_offset; // 0 is none, as hyparquet has it
      const start = whole64(offset, file.byteLength, "column at");
      const size = whole64(chunk.total_compressed_size, file.byteLength - start, "column of size");
      unread -= size;
      whole(unread, file.byteLength, "bytes left after a column");
      const values = checkChunk(new Uint8Array(file, start, size), column, budget);
      if (values < rows) throw new RangeError(`${values} values in ${rows} rows`);
    }
  }
}

/** Checks the pages of one column in one row group; the answer is the number of values. */
function checkChunk(bytes: Uint8Array, column: Column, budget: Budget): number {
  const reader = readerOf(bytes);
  let values = 0;
  while (reader.offset < bytes.length - 1) {
    walkStruct({ ...reader });
    const header = parquetHeader(reader);
    const size = whole(header.compressed_page_size, left(reader), "page of size");
    spend(budget, "bytes", whole(header.uncompressed_page_size, 2 ** 31, "page of size"));
    const page = bytes.subarray(reader.offset, reader.offset + size);
    values += checkPage(header, page, column, budget);
    reader.offset += size;
  }
  return values;
}

function checkPage(header: PageHeader, bytes: Uint8Array, column: Column, budget: Budget): number {
  switch (header.type) {
    case "DICTIONARY_PAGE": {
      const count = countOf(header.dictionary_page_header, 1, budget);
      const unpacked = unpack(bytes, header.uncompressed_page_size, column.codec);
      spendPage(budget, count * column.weight);
      walkPlain(readerOf(unpacked), count, column);
      return 0;
    }
    case "DATA_PAGE": {
      const page = header.data_page_header;
      const count = countOf(page, column.path.length, budget);
      const reader = readerOf(unpack(bytes, header.uncompressed_page_size, column.codec));
      const { repeated, defined } = column;
      if (repeated > 0) walkPrefixed(reader, bits(repeated), count);
      const present = defined > 0 ? walkPrefixed(reader, bits(defined), count, defined) : count;
      walkValues(reader, present, page?.encoding, false, column, budget);
      return count;
    }
    case "DATA_PAGE_V2":
      return checkSecond(header, bytes, column, budget);
    default:
      throw new RangeError(`a page of type ${header.type}`);
  }
}

/** A data page of the second version: its levels are not compressed and their lengths in the header. */
function checkSecond(
  header: PageHeader,
  bytes: Uint8Array,
  column: Column,
  budget: Budget,
): number {
  const page = header.data_page_header_v2;
  const count = countOf(page, column.path.length, budget);
  const nulls = whole(page?.num_nulls, count, "number of nulls");
  const repeats = whole(page?.repetition_levels_byte_length, bytes.length, "levels of length");
  const rest = bytes.length - repeats;
  const defines = whole(page?.definition_levels_byte_length, rest, "levels of length");
  const size = whole(header.uncompressed_page_size - repeats - defines, 2 ** 31, "page of size");
  const { repeated, defined, codec } = column;
  if (repeated > 0) walkRuns(readerOf(bytes.subarray(0, repeats)), bits(repeated), count);
  const levels = bytes.subarray(repeats, repeats + defines);
  if (defined > 0) walkRuns(readerOf(levels), bits(defined), count);
  const packed = bytes.subarray(repeats + (defined > 0 ? defines : 0));
  const values = page?.is_compressed === false ? packed : unpack(packed, size, codec);
  walkValues(readerOf(values), count - nulls, page?.encoding, true, column, budget);
  return count;
}

/** The number of values of a page, counted once for every level that hyparquet makes of each. */
function countOf(page: { num_values: number } | undefined, levels: number, budget: Budget): number {
  const count = whole(page?.num_values, 2 ** 31, "number of values");
  if (count > budget.page) spendPage(budget, count);
  spend(budget, "values", count * levels);
  return count;
}

function bits(level: number): number {
  return 32 - Math.clz32(level);
}
