// The CSV files of the paper's repository (`automatic-eval-samples/`): one answer of one model a row.
import { chunksOf } from "./bytes.ts";
import type { ByteSource, Limits } from "./bytes.ts";
import { cellsOf, kindOf, plain, rowOf } from "./benchmark-rows.ts";
import type { BenchmarkKind, BenchmarkRow } from "./benchmark-rows.ts";
import { FormatError, Refusal, code, plural, refusedSentence } from "./errors.ts";
import { rawRecords, reading } from "./records-in.ts";
import { OWN_COLUMNS } from "./spreadsheet.ts";

export interface BenchmarkFile {
  readonly name: string;
  readonly kind: BenchmarkKind;
  readonly rows: readonly BenchmarkRow[];
  /** One sentence for each of the first rows that were refused, and for what ended the reading early. */
  readonly problems: readonly string[];
  /** rows refused in all */
  readonly refused: number;
}

export interface BenchmarkOptions extends Partial<Limits> {
  /** most rows that are kept */
  readonly rows?: number;
  /** told now and then: rows read and bytes taken from the source */
  readonly onProgress?: (rows: number, bytes: number) => void;
}

/** Rows that a page can hold and sort; the paper's largest file has 3,600. */
const MOST_ROWS = 200_000;
const MOST_PROBLEMS = 100;
const TELL_EVERY = 2000;

/**
 * Reads a file as it streams in. A row that breaks a rule is left out with a sentence; when the file breaks
 * off, what was read before is given with the reason.
 * @throws FormatError with one sentence when it is not such a file, or no row of it can be read
 */
export async function readBenchmarkCsv(
  source: ByteSource,
  name: string,
  { rows: most = MOST_ROWS, onProgress, ...limits }: BenchmarkOptions = {},
): Promise<BenchmarkFile> {
  const state = new Reader(name, most);
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunksOf(source)) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  try {
    for await (const record of rawRecords(counted(), reading(name, limits))) {
      if (!state.take(record)) break;
      if (state.seen % TELL_EVERY === 0) onProgress?.(state.rows.length, bytes);
    }
  } catch (error) {
    if (!(error instanceof FormatError) || state.rows.length === 0) throw error;
    state.brokenOff(error);
  }
  return state.result();
}

type Raw = { where: string } & ({ value: unknown } | { refused: Refusal });

class Reader {
  readonly rows: BenchmarkRow[] = [];
  seen = 0;
  readonly #name: string;
  readonly #most: number;
  readonly #problems: string[] = [];
  #refused = 0;
  #kind: BenchmarkKind | null = null;
  #own = false;

  constructor(name: string, most: number) {
    this.#name = name;
    this.#most = most;
  }

  /** False when no more rows are kept. */
  take(record: Raw): boolean {
    this.seen++;
    if ("refused" in record) this.#refuse(record.where, record.refused);
    else {
      const cells = cellsOf(record.value, this.#name);
      if (this.#kind === null) {
        this.#kind = kindOf(Object.keys(cells), this.#name);
        this.#own = OWN_COLUMNS.every((column) => column in cells);
      }
      if (this.rows.length === this.#most) {
        const kept = this.#most.toLocaleString("en-US");
        this.#problems.push(`${code(this.#name)}: found more than ${kept} rows; expected at most that. The first ${kept} are shown.`); // prettier-ignore
        return false;
      }
      try {
        this.rows.push(rowOf(this.#kind, this.#own ? plain(cells) : cells));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.#refuse(record.where, error);
      }
    }
    return true;
  }

  #refuse(where: string, reason: Refusal): void {
    this.#refused++;
    if (this.#problems.length >= MOST_PROBLEMS) return;
    this.#problems.push(refusedSentence(this.#name, where, reason));
  }

  /** Keeps what was read before the file became unreadable. */
  brokenOff({ message }: FormatError): void {
    const kept = `The ${plural(this.rows.length, "row")} before it can be read.`;
    this.#problems.push(`${message.replace(/ Nothing was imported\.$/, "")} ${kept}`);
  }

  result(): BenchmarkFile {
    const name = this.#name;
    if (this.#kind === null || this.rows.length === 0) {
      const first = this.#problems[0] ?? "It has no row below its header.";
      throw new FormatError(`${code(name)}: found no row of samples; nothing was opened. ${first}`);
    }
    return {
      ...{ name, kind: this.#kind, rows: this.rows },
      ...{ problems: this.#problems, refused: this.#refused },
    };
  }
}
