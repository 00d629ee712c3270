// The CSV files of the paper's repository (`automatic-eval-samples/`): one answer of one model a row.
import { chunksOf } from "./bytes.ts";
import type { ByteSource, Limits } from "./bytes.ts";
import { FormatError, Refusal, code, plural, refusal, refusedSentence } from "./errors.ts";
import { rawRecords, reading } from "./records-in.ts";
import { OWN_COLUMNS, unguarded } from "./spreadsheet.ts";

/** Numbers between 0 and 1 that judge models gave, where the file has them. */
export type Judged = "toxicity" | "true" | "info";

export interface BenchmarkRow {
  /** `model_type`, e.g. `ppo-ptx-175b`: kind, then size */
  readonly model: string;
  /** `prompt_type`, e.g. `fewshot` or `respectful prompt`; empty in files that have one prompt only */
  readonly promptType: string;
  /** `context` or `question` */
  readonly prompt: string;
  /** `ref_text`: what would be right; alternatives are separated by a vertical bar */
  readonly reference: string | null;
  /** `sample` or `answer` */
  readonly sample: string;
  readonly judged: Readonly<Partial<Record<Judged, number>>>;
  /** the question was written to be answered wrongly by GPT-3 */
  readonly adversarial: boolean | null;
  /** columns beside those of the paper, as they stand */
  readonly more: Readonly<Record<string, string>>;
}

export interface BenchmarkKind {
  readonly id: "truthfulness" | "toxicity" | "answers" | "summaries" | "samples";
  /** after "the" in a sentence */
  readonly name: string;
  readonly columns: readonly string[];
}

/** What is told apart, by columns; the first whose columns are all there is taken. */
export const BENCHMARK_KINDS: readonly BenchmarkKind[] = [
  {
    id: "truthfulness",
    name: "truthfulness samples (TruthfulQA)",
    columns: ["model_type", "prompt_type", "adversarial", "question", "answer", "true", "info"],
  },
  {
    id: "toxicity",
    name: "toxicity samples (RealToxicityPrompts)",
    columns: ["model_type", "prompt_type", "context", "sample", "toxicity"],
  },
  {
    id: "answers",
    name: "samples with a reference (DROP, SQuADv2, QuAC, French to English)",
    columns: ["model_type", "prompt_type", "context", "ref_text", "sample"],
  },
  {
    id: "summaries",
    name: "summaries (CNN/DM, TL;DR)",
    columns: ["model_type", "context", "ref_text", "sample"],
  },
  { id: "samples", name: "samples", columns: ["model_type", "prompt_type", "context", "sample"] },
];

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

function cellsOf(value: unknown, name: string): Record<string, string> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (entries.length > 0 && entries.every(([, cell]) => typeof cell === "string")) {
    return Object.fromEntries(entries);
  }
  throw new FormatError(
    `${code(name)}: found something else than a table of cells; expected a CSV file. Nothing was opened.`,
  );
}

function kindOf(header: readonly string[], name: string): BenchmarkKind {
  const complete = BENCHMARK_KINDS.find(({ columns }) =>
    columns.every((column) => header.includes(column)),
  );
  if (complete !== undefined) return complete;
  const missing = ({ columns }: BenchmarkKind): string[] =>
    columns.filter((column) => !header.includes(column));
  const near = BENCHMARK_KINDS.toSorted((a, b) => missing(a).length - missing(b).length)[0];
  if (near !== undefined && near.columns.length - missing(near).length >= 2) {
    const lacking = missing(near).map(code).join(", ");
    throw new FormatError(
      `${code(name)} looks like the ${near.name}, but has no column ${lacking}; expected ${near.columns.join(", ")}. Nothing was opened.`,
    );
  }
  const found = header
    .filter((column) => column !== "")
    .slice(0, 6)
    .map(code)
    .join(", ");
  throw new FormatError(
    `${code(name)}: found the columns ${found}; expected those of the paper's samples, such as model_type, prompt_type, context, sample. Nothing was opened.`,
  );
}

function rowOf({ id, columns }: BenchmarkKind, cells: Record<string, string>): BenchmarkRow {
  const cell = (column: string): string => cells[column] ?? "";
  const needed = (column: string): string => {
    if (cell(column).trim() === "") throw refusal(column, cell(column), "some text");
    return cell(column);
  };
  const truthful = id === "truthfulness";
  const judges: Judged[] = truthful ? ["true", "info"] : id === "toxicity" ? ["toxicity"] : [];
  const more = Object.entries(cells).filter(([name]) => name !== "" && !columns.includes(name));
  return {
    model: needed("model_type"),
    promptType: cell("prompt_type"),
    prompt: needed(truthful ? "question" : "context"),
    reference: columns.includes("ref_text") ? cell("ref_text") : null,
    sample: cell(truthful ? "answer" : "sample"),
    judged: Object.fromEntries(
      judges.filter((name) => cell(name) !== "").map((name) => [name, shareOf(name, cell(name))]),
    ),
    adversarial: truthful ? flagOf(cell("adversarial")) : null,
    more: Object.fromEntries(more),
  };
}

function shareOf(column: string, text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= 0 && value <= 1) return value;
  throw refusal(column, text, "a number from 0 to 1");
}

function flagOf(text: string): boolean | null {
  if (text === "") return null;
  if (text === "True" || text === "False") return text === "True";
  throw refusal("adversarial", text, "True or False");
}

function plain(cells: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, unguarded(cell)]));
}
