// The typed columns of a file: lines of JSON from them, the dataset card's features, and back.
import { isWellFormed, jsonLine } from "../storage/json.ts";
import { FormatError, Refusal, code, found, refusal } from "./errors.ts";

export type ColumnType =
  "string" | "int64" | "float64" | "bool" | { list: ColumnType } | { struct: readonly Column[] };

export interface Column {
  name: string;
  type: ColumnType;
}

/** What a column may hold; JSON without null. */
export type Value = string | number | boolean | Value[] | { [key: string]: Value };
/** One line of a file, keys as in its columns. */
export type Row = Record<string, Value>;

/** Columns of one type, by name. */
export function columns(type: ColumnType, ...names: string[]): Column[] {
  return names.map((name) => ({ name, type }));
}

export const MESSAGES: ColumnType = { list: { struct: columns("string", "role", "content") } };

/**
 * One line: every column, in the order of the columns, so that readers need not guess. Numbers of a
 * float column always have a point or an exponent, or a reader that infers types finds two.
 * @throws FormatError when a value is missing or does not fit its column
 */
export function writeLine(all: readonly Column[], row: object): string {
  return `${writeStruct(all, row, "")}\n`;
}

function writeStruct(all: readonly Column[], row: object, path: string): string {
  const values = new Map<string, unknown>(Object.entries(row));
  const members = all.map(({ name, type }) => {
    const at = path === "" ? name : `${path}.${name}`;
    return `${JSON.stringify(name)}:${writeValue(type, values.get(name), at)}`;
  });
  return `{${members.join(",")}}`;
}

function writeValue(type: ColumnType, value: unknown, path: string): string {
  if (typeof type === "object") {
    if ("list" in type && Array.isArray(value)) {
      const items = value.map((item, i) => writeValue(type.list, item, `${path}[${i}]`));
      return `[${items.join(",")}]`;
    }
    if ("struct" in type && isObject(value)) return writeStruct(type.struct, value, path);
  } else if (fits(type, value)) {
    const json = jsonLine(value);
    return type === "float64" && !/[.e]/.test(json) ? `${json}.0` : json;
  }
  throw new FormatError(
    `${code(path)}: found ${found(value)}; expected ${describe(type)}. Nothing was written.`,
  );
}

function fits(type: "string" | "int64" | "float64" | "bool", value: unknown): boolean {
  if (type === "string") return typeof value === "string" && isWellFormed(value);
  if (type === "int64") return Number.isSafeInteger(value);
  return type === "float64" ? Number.isFinite(value) : typeof value === "boolean";
}

function describe(type: ColumnType): string {
  if (typeof type === "object") return "list" in type ? "a list" : "an object";
  if (type === "string") return "text without half a surrogate pair";
  if (type === "int64") return "a whole number";
  return type === "float64" ? "a number" : "true or false";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The value of a line as its columns say, in objects without a prototype. Keys that no column names
 * go to `unknown` with their path; nothing is dropped without a word.
 * @throws Refusal at the first value that is missing or of another type
 */
export function readColumns(
  all: readonly Column[],
  value: unknown,
  unknown: Map<string, unknown>,
  path = "",
): Row {
  if (!isObject(value)) throw refusal(path === "" ? "record" : path, value, "an object");
  const row = Object.create(null) as Row;
  const given = new Map<string, unknown>(Object.entries(value));
  for (const { name, type } of all) {
    const at = path === "" ? name : `${path}.${name}`;
    row[name] = readValue(type, given.get(name), unknown, at);
    given.delete(name);
  }
  for (const [key, rest] of given) unknown.set(path === "" ? key : `${path}.${key}`, rest);
  return row;
}

function readValue(
  type: ColumnType,
  value: unknown,
  unknown: Map<string, unknown>,
  path: string,
): Value {
  if (typeof type === "object") {
    if ("struct" in type) return readColumns(type.struct, value, unknown, path);
    if (!Array.isArray(value)) throw refusal(path, value, "a list");
    return value.map((item, i) => readValue(type.list, item, unknown, `${path}[${i}]`));
  }
  if (!fits(type, value)) throw refusal(path, value, describe(type));
  return value as Value;
}

/** The `features` of a dataset card in YAML, as `datasets` writes them. */
export function features(all: readonly Column[], indent = "  "): string {
  return all.map((column) => feature(column, indent)).join("");
}

function feature({ name, type }: Column, indent: string): string {
  const head = `${indent}- name: ${name}\n${indent}  `;
  if (typeof type === "string") return `${head}dtype: ${type}\n`;
  if ("struct" in type) return `${head}struct:\n${features(type.struct, `${indent}  `)}`;
  const item = type.list;
  if (typeof item === "string") return `${head}list: ${item}\n`;
  if ("struct" in item) return `${head}list:\n${features(item.struct, `${indent}  `)}`;
  if (typeof item.list === "string") return `${head}list:\n${indent}    list: ${item.list}\n`;
  throw new Refusal("Lists nest at most two deep in a dataset card.");
}
