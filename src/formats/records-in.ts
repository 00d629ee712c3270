// From a file of any accepted kind to a stream of raw records, with where each one stood.
import { RESERVED_KEYS, readJson } from "../storage/json.ts";
import { LIMITS, chunksOf, gunzip, peek, whole } from "./bytes.ts";
import type { ByteSource, Limits } from "./bytes.ts";
import { csvRecords, separatorOf } from "./csv.ts";
import type { Separator } from "./csv.ts";
import { FormatError, Refusal, code } from "./errors.ts";
import { readParquet } from "./parquet.ts";
import { elements, lines } from "./pieces.ts";
import { losslessOf } from "./zip.ts";

/** One record as its file gives it, or why it cannot be read. */
export type RawRecord = { where: string } & ({ value: unknown } | { refused: Refusal });

/** A file by name, how much of it may be read, and what is worth telling about it. */
export interface Reading {
  name: string;
  limits: Limits;
  notes: string[];
}

/** Starts reading: no byte is taken before the first record is asked for. */
export function reading(name: string, limits: Partial<Limits> = {}): Reading {
  return { name, limits: { ...LIMITS, ...limits }, notes: [] };
}

type Chunks = AsyncGenerator<Uint8Array>;

/** The records of JSON lines, a JSON array, separated values, lines of text or Parquet, packed with gzip or not, or of our zip. */
export async function* rawRecords(
  source: ByteSource,
  file: Reading,
  packed = false,
): AsyncGenerator<RawRecord> {
  const { head, chunks } = await peek(asGenerator(source), 4);
  const kind = kindOf(head);
  if (packed && kind !== "text") {
    throw new FormatError(
      `${code(file.name)}: found an archive inside an archive; expected text inside. Nothing was imported.`,
    );
  }
  if (kind === "gzip") {
    yield* rawRecords(gunzip(chunks, file.name, file.limits), file, true);
  } else if (kind === "zip") yield* zipRecords(chunks, file);
  else if (kind === "parquet") yield* parquetRecords(chunks, file);
  else yield* textRecords(chunks, file);
}

async function* asGenerator(source: ByteSource): Chunks {
  yield* chunksOf(source);
}

function kindOf(head: Uint8Array): "gzip" | "zip" | "parquet" | "text" {
  const [a, b, c, d] = head;
  if (a === 0x1f && b === 0x8b) return "gzip";
  if (a === 0x50 && b === 0x4b && c === 3 && d === 4) return "zip";
  return a === 0x50 && b === 0x41 && c === 0x52 && d === 0x31 ? "parquet" : "text";
}

async function* zipRecords(chunks: Chunks, file: Reading): AsyncGenerator<RawRecord> {
  const bytes = await whole(chunks, file.name, file.limits);
  for (const { path, bytes: text } of await losslessOf(bytes, file.name, file.limits)) {
    const inside = { ...file, name: `${file.name}/${path}` };
    for await (const record of textRecords(once(text), inside)) {
      yield { ...record, where: `${path}, ${record.where}` };
    }
  }
}

async function* once(bytes: Uint8Array): Chunks {
  yield bytes;
}

async function* parquetRecords(chunks: Chunks, file: Reading): AsyncGenerator<RawRecord> {
  const bytes = await whole(chunks, file.name, file.limits);
  for await (const { where, value } of readParquet(bytes, file.name, file.limits)) {
    for (const key of keysIn(value)) refuseReserved(key, file.name, where);
    yield { where, value };
  }
}

/** First bytes in which the kind of text is looked for. */
const LOOK = 1024;

async function* textRecords(chunks: Chunks, file: Reading): AsyncGenerator<RawRecord> {
  const marked = await peek(metered(chunks, file), LOOK);
  const bom = marked.head[0] === 0xef && marked.head[1] === 0xbb && marked.head[2] === 0xbf;
  if (bom) file.notes.push("A byte order mark at the start was removed.");
  const body = bom ? skip(marked.chunks, 3) : marked.chunks;
  const start = new TextDecoder()
    .decode(marked.head)
    .replace(/^\uFEFF/, "")
    .trimStart();
  if (isPrompts(start, file.name)) yield* prompts(body, file);
  else if (start.startsWith("[")) yield* parsed(elements(body, file.name, file.limits), file);
  else if (isCsv(start, file.name)) yield* csvObjects(body, file, separatorOf(start));
  else yield* parsed(lines(body, file.name, file.limits), file);
}

function isCsv(start: string, name: string): boolean {
  const named = /\.(?:csv|tsv)(\.gz)?$/i.test(name);
  return !start.startsWith("{") && (named || /^"?[\w ]*"?[,;\t]/.test(start));
}

/** Plain text with a prompt on each line: what is called text and does not begin as JSON does. */
function isPrompts(start: string, name: string): boolean {
  return /\.txt(\.gz)?$/i.test(name) && start !== "" && !/^(?:\[\s*\{|\{\s*["}])/.test(start);
}

async function* prompts(chunks: Chunks, file: Reading): AsyncGenerator<RawRecord> {
  file.notes.push("Every line was read as a prompt.");
  for await (const { where, text } of lines(chunks, file.name, file.limits)) {
    yield { where, value: { prompt: text } };
  }
}

const SEPARATORS: Readonly<Record<Separator, string>> = {
  ",": "commas",
  ";": "semicolons",
  "\t": "tabs",
};

/** Counts the bytes of a file that is not packed. */
async function* metered(chunks: Chunks, { name, limits }: Reading): Chunks {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limits.total) {
      throw new FormatError(
        `${code(name)}: found more than ${limits.total} bytes; expected at most that. Nothing was imported.`,
      );
    }
    yield chunk;
  }
}

async function* skip(chunks: Chunks, n: number): Chunks {
  let left = n;
  for await (const chunk of chunks) {
    const from = Math.min(left, chunk.length);
    left -= from;
    yield chunk.subarray(from);
  }
}

/** Bad JSON refuses its line; what nobody's tool writes refuses the file. */
async function* parsed(
  pieces: AsyncGenerator<{ where: string; text: string }>,
  file: Reading,
): AsyncGenerator<RawRecord> {
  for await (const { where, text } of pieces) {
    const json = readJson(text);
    if (json.ok) yield { where, value: json.value };
    else if (json.hostile) {
      throw new FormatError(
        `${code(file.name)}, ${where}: ${json.reason}; expected a plain record. Nothing was imported.`,
      );
    } else
      yield {
        where,
        refused: new Refusal(`${json.reason}; expected one JSON object.`),
      };
  }
}

async function* csvObjects(
  chunks: Chunks,
  file: Reading,
  separator: Separator,
): AsyncGenerator<RawRecord> {
  let header: string[] | null = null;
  if (separator !== ",") file.notes.push(`Its cells are separated by ${SEPARATORS[separator]}.`);
  for await (const { where, cells } of csvRecords(chunks, file.name, file.limits, separator)) {
    if (header === null) {
      for (const key of cells) refuseReserved(key, file.name, where);
      header = cells.map((key) => key.trim());
    } else if (cells.length !== header.length) {
      const found = `found ${cells.length} cells; expected ${header.length}, as the header has.`;
      yield { where, refused: new Refusal(found) };
    } else yield row(where, header, cells);
  }
}

/** How a cell begins that holds messages: as JSON, or as Python prints them. */
const MESSAGES = /^\[\s*\{\s*['"](?:role|content)['"]\s*:/;

/** One row; messages that were written as JSON are messages again, and others refuse the row. */
function row(where: string, header: readonly string[], cells: readonly string[]): RawRecord {
  const values: [string, unknown][] = [];
  for (const [i, key] of header.entries()) {
    const cell = cells[i] ?? "";
    const json = MESSAGES.test(cell) ? readJson(cell) : null;
    if (json?.ok === false) {
      const sentence = `${code(key)}: found messages as Python prints them; expected text, or messages as JSON. Save them as JSON lines or Parquet instead.`;
      return { where, refused: new Refusal(sentence) };
    }
    values.push([key, json === null ? cell : json.value]);
  }
  return { where, value: Object.fromEntries(values) };
}

/** The keys of all objects in a value, however deep. */
function* keysIn(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) yield* keysIn(item);
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    yield key;
    yield* keysIn(member);
  }
}

function refuseReserved(key: string, name: string, where: string): void {
  if (!RESERVED_KEYS.has(key)) return;
  throw new FormatError(
    `${code(name)}, ${where}: found the reserved key ${code(key)}; expected a plain record. Nothing was imported.`,
  );
}
