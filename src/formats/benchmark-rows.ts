// One row of the paper's CSV files: the kinds of files by their columns, and a row's cells checked and named.
import { FormatError, code, refusal } from "./errors.ts";
import { unguarded } from "./spreadsheet.ts";

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

/** The cells of a record by column. @throws FormatError when it is something else */
export function cellsOf(value: unknown, name: string): Record<string, string> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (entries.length > 0 && entries.every(([, cell]) => typeof cell === "string")) {
    return Object.fromEntries(entries);
  }
  throw new FormatError(
    `${code(name)}: found something else than a table of cells; expected a CSV file. Nothing was opened.`,
  );
}

/** What kind of file has this header. @throws FormatError with one sentence when none does */
export function kindOf(header: readonly string[], name: string): BenchmarkKind {
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

/** @throws Refusal when a cell breaks a rule */
export function rowOf({ id, columns }: BenchmarkKind, cells: Record<string, string>): BenchmarkRow {
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

/** The cells of a file of ours, as they were before they were guarded. */
export function plain(cells: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, unguarded(cell)]));
}
