// Import: which format a file has, what it holds, and everything in it as one value to commit.
import { StorageError } from "../storage/errors.ts";
import { sha256 } from "../storage/sha256.ts";
import type { ByteSource, Limits } from "./bytes.ts";
import { FormatError, Refusal, code, found, plural, refusedSentence } from "./errors.ts";
import { Fields } from "./fields.ts";
import { detects } from "./importer.ts";
import type { Importer } from "./importer.ts";
import { IMPORTERS } from "./importers.ts";
import { sealed } from "./lossless.ts";
import type { Imported } from "./records.ts";
import { rawRecords, reading } from "./records-in.ts";
import type { RawRecord, Reading } from "./records-in.ts";

export interface ImportOptions {
  limits?: Partial<Limits>;
  /** Checksum (`recordHash`) of the record that is stored under an id here, if any. */
  stored?: (id: string) => string | undefined;
}

/** What to show before anything is read to the end. */
export interface Preview {
  format: string;
  /** The first records, at most three. */
  first: Imported[];
  /** Lines looked at, and how many of them can be imported. */
  looked: number;
  readable: number;
  problems: string[];
  notes: string[];
}

/** The whole file as one value: the caller commits all of it or nothing. */
export interface ImportResult {
  format: string;
  /** Records that are not here yet, in the order of the file. */
  records: Imported[];
  /** Records whose id is here with other content: to be resolved, never overwritten. */
  conflicts: Imported[];
  /** Records that are here already, with the same content. */
  present: number;
  lines: number;
  readable: number;
  /** One sentence for each of the first refused lines. */
  problems: string[];
  notes: string[];
  /** What can be imported and what cannot, in one sentence or two. */
  summary: string;
}

/** Lines that a format is guessed from, records that a preview shows, problems that are listed. */
const LOOK = 50;
const SHOW = 3;
const LIST = 100;

/**
 * Guesses the format of a file and shows its beginning; reads no more than its first lines.
 * @throws FormatError when the file cannot be imported, with the sentence to show
 */
export async function previewImport(
  source: ByteSource,
  name: string,
  options: ImportOptions = {},
): Promise<Preview> {
  const file = reading(name, options.limits);
  const { importer, start } = await begin(rawRecords(source, file), file, LOOK);
  const state = new Import(importer, file, options);
  start.forEach((record) => state.take(record));
  const { records, conflicts, lines, readable, problems } = state.result(false);
  const first = [...records, ...conflicts].slice(0, SHOW);
  return { format: importer.name, first, looked: lines, readable, problems, notes: file.notes };
}

/**
 * Reads a whole file, line by line. Nothing is stored: the value holds everything or an error is
 * thrown, so that no half of a file can be committed.
 * @throws FormatError when the file is refused, with the sentence to show
 */
export async function readImport(
  source: ByteSource,
  name: string,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const file = reading(name, options.limits);
  const records = rawRecords(source, file);
  const { importer, start } = await begin(records, file, Infinity);
  const state = new Import(importer, file, options);
  start.forEach((record) => state.take(record));
  for await (const record of records) state.take(record);
  return state.result(true);
}

/** Reads the first lines and finds the format that most of them have. */
async function begin(
  records: AsyncGenerator<RawRecord>,
  file: Reading,
  most: number,
): Promise<{ importer: Importer; start: RawRecord[] }> {
  const start: RawRecord[] = [];
  let last = false;
  while (start.length < LOOK && !last) {
    const next = await records.next();
    last = next.done === true;
    if (next.done !== true) start.push(next.value);
  }
  if (most === LOOK) await records.return(undefined);
  const votes = new Map<Importer, number>();
  for (const record of start) {
    const importer = formatOf(record);
    if (importer !== null) votes.set(importer, (votes.get(importer) ?? 0) + 1);
  }
  const [best] = [...votes].sort((a, b) => b[1] - a[1]);
  if (best === undefined) throw unknownFormat(start, file);
  return { importer: best[0], start };
}

function formatOf(record: RawRecord): Importer | null {
  const fields = fieldsOf(record);
  if (fields === null) return null;
  return IMPORTERS.find((importer) => detects(importer, fields)) ?? null;
}

function fieldsOf(record: RawRecord): Fields | null {
  if ("refused" in record) return null;
  const { value } = record;
  const object = typeof value === "object" && value !== null && !Array.isArray(value);
  return object ? new Fields(value) : null;
}

function unknownFormat(start: readonly RawRecord[], { name }: Reading): FormatError {
  const [first] = start;
  const record = start.find((one) => fieldsOf(one) !== null);
  if (first === undefined) {
    return new FormatError(
      `${code(name)}: found no records; expected at least one. Nothing was imported.`,
    );
  }
  if (record === undefined) {
    const said =
      "refused" in first
        ? first.refused.message
        : `found ${found(first.value)}; expected an object.`;
    const reason = said.includes("is not JSON")
      ? `${said} A file of JSON has one object on each line, or is one list of objects.`
      : said;
    return new FormatError(`${code(name)}, ${first.where}: ${reason} Nothing was imported.`);
  }
  const keys = fieldsOf(record)?.keys() ?? [];
  return new FormatError(
    `${code(name)}, ${record.where}: found the keys ${found(keys.join(", "))}; expected those of a known format, such as prompt, chosen and rejected, or prompt with answer1, answer2 and more. Nothing was imported.`,
  );
}

/** What has been read so far. */
class Import {
  readonly #importer: Importer;
  readonly #file: Reading;
  readonly #stored: (id: string) => string | undefined;
  readonly #records: Imported[] = [];
  readonly #conflicts: Imported[] = [];
  readonly #problems: string[] = [];
  /** Checksums of the records of this file, by id. */
  readonly #hashes = new Map<string, string>();
  /** How often a content without an id of its own has been seen. */
  readonly #repeats = new Map<string, number>();
  /** what the file is made of, as its records say where they stood: lines, rows, or records where it differs */
  #unit: string | undefined;
  #present = 0;
  #lines = 0;
  #readable = 0;
  #announced: number | null = null;

  constructor(importer: Importer, file: Reading, { stored }: ImportOptions) {
    this.#importer = importer;
    this.#file = file;
    this.#stored = stored ?? (() => undefined);
  }

  take(record: RawRecord): void {
    const unit = /(line|row) \d+$/.exec(record.where)?.[1] ?? "record";
    this.#unit = (this.#unit ?? unit) === unit ? unit : "record";
    try {
      const { fields, records } = this.#read(record);
      const announced = this.#importer.announces?.(fields) ?? null;
      if (announced !== null && this.#announced === null && this.#lines === 0) {
        this.#announced = announced;
        return;
      }
      const remark = this.#importer.remark?.(fields) ?? null;
      if (remark !== null && !this.#file.notes.includes(remark)) this.#file.notes.push(remark);
      const unnamed = records.some(({ id }) => id === "") ? this.#newId(fields) : "";
      records.forEach((one, i) => this.#keep(one, i === 0 ? unnamed : `${unnamed}.${i}`));
      this.#readable++;
    } catch (error) {
      this.#refuse(record, error);
    }
    this.#lines++;
  }

  #read(record: RawRecord): { fields: Fields; records: Imported[] } {
    if ("refused" in record) throw record.refused;
    const fields = new Fields(record.value);
    if (!detects(this.#importer, fields)) this.#refuseMixed(record, fields);
    return { fields, records: this.#importer.read(fields) };
  }

  /** A line of another format refuses the file, unless it only lacks keys of this one. */
  #refuseMixed(record: RawRecord, fields: Fields): void {
    const other = IMPORTERS.find((importer) => detects(importer, fields));
    if (other === undefined || other.keys.every((key) => this.#importer.keys.includes(key))) return;
    throw new FormatError(
      `${code(this.#file.name)}, ${record.where}: found a line of ${other.name}; expected ${this.#importer.name} as in the lines before. Nothing was imported.`,
    );
  }

  /** @param unnamed id for a record without one; it follows from the content of the line */
  #keep(read: Imported, unnamed: string): void {
    if (read.id === "") {
      if (this.#stored(unnamed) !== undefined) this.#present++;
      else this.#records.push({ ...read, id: unnamed });
      return;
    }
    const hash = recordHash(read);
    const here = this.#hashes.get(read.id) ?? this.#stored(read.id);
    if (here === hash) {
      this.#present++;
      return;
    }
    if (here === undefined) this.#hashes.set(read.id, hash);
    (here === undefined ? this.#records : this.#conflicts).push(read);
  }

  /** From the content and how often it came before: the same file gives the same ids again. */
  #newId(fields: Fields): string {
    const content = sha256(JSON.stringify(fields.whole())).slice(0, 24);
    const before = this.#repeats.get(content) ?? 0;
    this.#repeats.set(content, before + 1);
    return before === 0 ? `i_${content}` : `i_${content}_${before}`;
  }

  #refuse(record: RawRecord, error: unknown): void {
    const refusal =
      error instanceof StorageError
        ? new Refusal("found text with half a surrogate pair; expected well-formed Unicode.")
        : error;
    if (!(refusal instanceof Refusal)) throw error;
    if (this.#problems.length < LIST) {
      this.#problems.push(refusedSentence(this.#file.name, record.where, refusal));
    }
  }

  /** @param whole whether the file has been read to its end */
  result(whole: boolean): ImportResult {
    const { name, notes } = this.#file;
    if (whole && this.#announced !== null && this.#announced !== this.#lines) {
      throw new FormatError(
        `${code(name)}: found ${plural(this.#lines, "ranking")}; expected ${number(this.#announced)}, as its first line says, so it was cut off or joined. Nothing was imported.`,
      );
    }
    if (this.#readable === 0 && this.#lines > 0) {
      const unit = this.#unit ?? "line";
      const none =
        this.#lines === 1
          ? `its one ${unit} cannot be imported`
          : `none of its ${plural(this.#lines, unit)} can be imported`;
      throw new FormatError(
        `${code(name)}: ${none}. ${this.#problems[0] ?? ""} Nothing was imported.`,
      );
    }
    return {
      format: this.#importer.name,
      records: this.#records,
      conflicts: this.#conflicts,
      present: this.#present,
      lines: this.#lines,
      readable: this.#readable,
      problems: this.#problems,
      notes,
      summary: this.#summary(name),
    };
  }

  #summary(name: string): string {
    const [lines, readable] = [this.#lines, this.#readable];
    const cannot = lines - readable;
    const list = cannot === 0 ? "" : `, ${number(cannot)} cannot (list below)`;
    const here =
      this.#present === 0 ? "" : ` ${number(this.#present)} of the records are already here.`;
    const conflicts =
      this.#conflicts.length === 0
        ? ""
        : ` ${number(this.#conflicts.length)} have an id that is here with other content, and are kept for you to decide.`;
    return `${code(name)}: ${number(readable)} of ${plural(lines, this.#unit ?? "line")} can be imported${list}.${here}${conflicts} Nothing has been saved yet.`;
  }
}

const number = (n: number): string => n.toLocaleString("en-US");

/** Checksum of a record's content, by which a stored copy is known to be the same. */
export function recordHash(record: Imported): string {
  return sealed(record).hash;
}
