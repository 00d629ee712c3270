// Rankings as files: the lossless JSON lines of this project, out and in, and pairs for TRL.
import { quote } from "./errors.ts";
import type { JudgementRow } from "./events.ts";
import { isUuidV7 } from "./ids.ts";
import { judgementProblem, normalJudgement } from "./judgement.ts";
import type { Completion, Judgement } from "./judgement.ts";
import { canonicalJson, isWellFormed, jsonLine, readJson } from "./json.ts";

export const RANKINGS_FORMAT = "nudge.rankings";
export const RANKINGS_VERSION = 1;

/** Longest line that is read, in UTF-16 code units; a judgement of nine answers is a few thousand. */
const LINE_LIMIT = 8 * 2 ** 20;
/** Errors listed before the rest is only counted. */
const ERROR_LIMIT = 20;

/** Columns of a line, in their order. Every line has all of them; "", [] and 0 stand for absent. */
// prettier-ignore
const COLUMNS = [
  "event", "project", "task", "annotator", "session", "t", "revision", "supersedes",
  "promptId", "prompt", "completions", "ranks", "shown", "cannotTell", "milliseconds", "source",
  "note",
] as const;
type Line = Record<(typeof COLUMNS)[number], unknown>;

/** A row of the projection that holds a judgement: the only kind a rankings file carries. */
export type RankedRow = JudgementRow & { state: "submitted"; judgement: Judgement };

/**
 * The lossless file: a header line, then one line per submitted judgement in the order given, keys in
 * a fixed order. Skipped and retracted rows are not rankings and are left out.
 */
export function writeRankings(rows: readonly JudgementRow[]): string {
  const ranked = rows.filter((row): row is RankedRow => row.judgement !== null);
  const header = { format: RANKINGS_FORMAT, version: RANKINGS_VERSION, count: ranked.length };
  return [header, ...ranked.map(toLine)].map((line) => `${jsonLine(line)}\n`).join("");
}

function toLine(row: RankedRow): Line {
  const { event, project, task, annotator, session, t, revision, supersedes } = row;
  const { promptId, prompt, ranks, shown, cannotTell, milliseconds, source, note } = row.judgement;
  const { active, idle, hidden } = milliseconds;
  const completions = row.judgement.completions.map(({ text, tokens, checkpoint, seed }) => ({
    text,
    tokens: tokens ?? [],
    checkpoint,
    seed,
  }));
  return {
    event,
    project,
    task,
    annotator,
    session,
    t,
    revision,
    supersedes,
    promptId,
    prompt,
    completions,
    ranks,
    shown,
    cannotTell,
    milliseconds: { active, idle, hidden },
    source,
    note: note ?? "",
  };
}

/** All rows of a file, or why none of them was taken: one sentence per error, with its line. */
export type ReadRankings = { ok: true; rows: RankedRow[] } | { ok: false; errors: string[] };

/**
 * Reads a rankings file. All or nothing: with any error no row is given, so that nothing can be
 * imported by half. Accepts a byte order mark, CRLF and blank lines at the end.
 * @param name how the file is called in errors
 */
export function readRankings(file: string | Uint8Array, name = "rankings.jsonl"): ReadRankings {
  const text = typeof file === "string" ? file : decodeUtf8(file);
  if (text === null) return refused([`${name}: found bytes that are not UTF-8. ${NOTHING}`]);
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  while (lines.length > 1 && lines.at(-1)?.trim() === "") lines.pop();
  const [first = "", ...rest] = lines;
  const header = readHeader(first, name);
  if (typeof header === "string") return refused([`${header} ${NOTHING}`]);
  if (rest.length !== header.count) {
    const found = `${name}: found ${rest.length} rankings; expected ${header.count}, as its first line says`;
    return refused([`${found}, so it was cut off or joined. ${NOTHING}`]);
  }
  const outcomes = rest.map((line, i) => readLine(line, `${name}, line ${i + 2}`));
  const errors = outcomes.filter((outcome) => typeof outcome === "string");
  const rows = outcomes.filter((outcome) => typeof outcome !== "string");
  errors.push(...repeated(rows, name));
  return errors.length === 0 ? { ok: true, rows } : refused(errors);
}

const NOTHING = "Nothing was imported.";

function refused(all: readonly string[]): ReadRankings {
  const more = all.length - ERROR_LIMIT;
  const errors = all.slice(0, ERROR_LIMIT);
  if (more > 0) errors.push(`${more} more lines have errors. ${NOTHING}`);
  return { ok: false, errors };
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function readHeader(line: string, name: string): { count: number } | string {
  const json = line.length <= LINE_LIMIT ? readJson(line) : null;
  const header = json?.ok && isObject(json.value) ? json.value : {};
  if (header["format"] !== RANKINGS_FORMAT) {
    return `${name}, line 1: found ${quote(line)}; expected {"format":"${RANKINGS_FORMAT}", …}.`;
  }
  const { version, count } = header;
  if (version !== RANKINGS_VERSION) {
    return `${name} was written by another version (${RANKINGS_FORMAT} v${quote(version)}; this page reads v${RANKINGS_VERSION}); reload the page if it is older than the file.`;
  }
  if (!isCount(count)) return `${name}, line 1, count: found ${quote(count)}; expected a number.`;
  return { count };
}

function readLine(line: string, where: string): RankedRow | string {
  if (line.length > LINE_LIMIT) {
    return `${where}: found ${line.length} characters; expected at most ${LINE_LIMIT}. ${NOTHING}`;
  }
  const json = readJson(line);
  if (!json.ok) return `${where}: ${json.reason}. ${NOTHING}`;
  const row = rowOfLine(json.value);
  if (typeof row !== "string") return row;
  return `${where}${row.startsWith("found ") ? ":" : ","} ${row} ${NOTHING}`;
}

/** The row that a parsed line holds, or where and why it is refused in the rest of a sentence. */
export function rowOfLine(value: unknown): RankedRow | string {
  if (!isObject(value)) return `found ${quote(value)}; expected an object.`;
  const problem = columnProblem(value) ?? envelopeProblem(value);
  if (problem !== null) return problem;
  const columns = value as unknown as Omit<RankedRow, "judgement"> & FileJudgement;
  const judgement = fromColumns(columns);
  const broken = judgementProblem(judgement);
  if (broken !== null) return broken;
  const { event, project, task, annotator, session, t, revision, supersedes } = columns;
  const envelope = { event, project, task, annotator, session, t, revision, supersedes };
  const row: RankedRow = {
    ...envelope,
    state: "submitted",
    judgement: normalJudgement(judgement),
    reason: "",
  };
  // Whatever else the line says, inside the answers for instance, would be lost without a word.
  return sameJson(toLine(row), value) ? row : "found a key or value that this page would lose.";
}

type FileJudgement = Omit<Judgement, "completions"> & { completions: unknown };

/** The judgement's columns with "" and [] taken for absent; not yet checked. */
function fromColumns(columns: FileJudgement): Judgement {
  const { promptId, prompt, ranks, shown, cannotTell, milliseconds, source, note } = columns;
  const completions = columns.completions as Completion[];
  const rest = { promptId, prompt, completions, ranks, shown, cannotTell, milliseconds, source };
  return note === undefined ? rest : { ...rest, note };
}

function columnProblem(line: Record<string, unknown>): string | null {
  const missing = COLUMNS.find((column) => line[column] === undefined);
  if (missing !== undefined) return `${missing}: found nothing; expected a value.`;
  const unknown = Object.keys(line).find((key) => !(COLUMNS as readonly string[]).includes(key));
  return unknown === undefined ? null : `${quote(unknown)}: found an unknown key.`;
}

function envelopeProblem(line: Record<string, unknown>): string | null {
  for (const key of ["project", "task", "annotator", "session"] as const) {
    const value = line[key];
    if (typeof value !== "string" || value === "" || !isWellFormed(value)) {
      return `${key}: found ${quote(value)}; expected a name.`;
    }
  }
  for (const key of ["event", "supersedes"] as const) {
    const value = line[key];
    const fits =
      typeof value === "string" && (isUuidV7(value) || (key !== "event" && value === ""));
    if (!fits) return `${key}: found ${quote(value)}; expected a UUID of version 7.`;
  }
  for (const key of ["t", "revision"] as const) {
    if (!isCount(line[key])) return `${key}: found ${quote(line[key])}; expected a whole number.`;
  }
  return null;
}

/** Two lines for one task of one annotator would decide by chance which of them stays. */
function repeated(rows: readonly RankedRow[], name: string): string[] {
  const seen = new Set<string>();
  return rows.flatMap(({ task, annotator }) => {
    const key = JSON.stringify([task, annotator]);
    if (seen.has(key))
      return [`${name}: task ${quote(task)} has two rankings by one person. ${NOTHING}`];
    seen.add(key);
    return [];
  });
}

function sameJson(a: unknown, b: unknown): boolean {
  try {
    return canonicalJson(a) === canonicalJson(b);
  } catch {
    return false; // infinity or a lone surrogate in a part that nothing else looks at
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
