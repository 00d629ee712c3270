// The lossless file: one typed line per record with a checksum, a superset of NeMo-RL's preferences.
import { canonicalJson } from "../storage/json.ts";
import { sha256 } from "../storage/sha256.ts";
import { MESSAGES, columns, readColumns, writeLine } from "./columns.ts";
import type { Column } from "./columns.ts";
import { FormatError, Refusal, code, found, refusal } from "./errors.ts";
import { ROLES } from "./records.ts";
import type { Candidate, Imported, Labelled, Message, Ranking } from "./records.ts";

const HEAD: Column[] = [...columns("string", "schema"), ...columns("int64", "v")];
const RATINGS: Column = {
  name: "ratings",
  type: { list: { struct: [...columns("string", "key"), ...columns("float64", "value")] } },
};
const CANDIDATE: Column[] = [
  ...columns("string", "cid"),
  ...columns("int64", "rank"),
  ...columns(MESSAGES, "completion"),
  ...columns("string", "model", "checkpoint"),
  ...columns("int64", "step", "seed"),
  ...columns("float64", "temperature"),
  ...columns("int64", "top_k"),
  ...columns("float64", "top_p"),
  ...columns("int64", "n_tokens"),
  ...columns("float64", "logprob"),
  ...columns("string", "finish", "author"),
  RATINGS,
  ...columns("string", "note"),
];

/** Columns of `prefs.ranking`, without the checksum. */
export const RANKING: readonly Column[] = [
  ...HEAD,
  ...columns("string", "id", "project", "task", "format", "question"),
  ...columns(MESSAGES, "context"),
  ...columns({ list: { struct: CANDIDATE } }, "completions"),
  ...columns({ list: { list: "int64" } }, "ranking"),
  ...columns({ list: "int64" }, "unranked", "strengths"),
  ...columns("bool", "all_bad"),
  ...columns("string", "outcome"),
  ...columns("int64", "confidence"),
  ...columns({ list: "int64" }, "shown"),
  ...columns("string", "layout"),
  ...columns("bool", "blind"),
  ...columns("string", "guideline", "preset", "annotator", "session", "started", "submitted"),
  ...columns("int64", "active_ms", "idle_ms", "hidden_ms", "moves", "undos"),
  ...columns("string", "gold"),
  ...columns("bool", "gold_pass"),
  ...columns("string", "select_policy"),
  ...columns("float64", "select_score", "propensity"),
  ...columns("int64", "revision"),
  ...columns("string", "supersedes", "skip_reason"),
  ...columns({ list: "string" }, "flags"),
  ...columns("string", "note", "app", "extra"),
];
const LABELLED: readonly Column[] = [
  ...HEAD,
  ...columns("string", "id", "task", "cid", "format"),
  ...columns(MESSAGES, "context", "completion"),
  ...columns("int64", "label"),
  RATINGS,
  ...columns("int64", "rank"),
  ...columns("string", "annotator", "preset", "guideline"),
  ...columns("int64", "active_ms"),
  ...columns("string", "note", "extra"),
];
const DEMONSTRATION: readonly Column[] = [
  ...HEAD,
  ...columns("string", "id", "format"),
  ...columns(MESSAGES, "context", "completion"),
  ...columns("string", "annotator", "submitted", "extra"),
];
const PROMPT: readonly Column[] = [
  ...HEAD,
  ...columns("string", "id", "format"),
  ...columns(MESSAGES, "context"),
  ...columns("string", "extra"),
];
const ITEM: readonly Column[] = [
  ...HEAD,
  ...columns("string", "id", "format"),
  ...columns(MESSAGES, "context"),
  ...columns({ list: { struct: CANDIDATE } }, "completions"),
  ...columns("string", "extra"),
];

const COLUMNS: Record<Imported["schema"], readonly Column[]> = {
  "prefs.ranking": RANKING,
  "prefs.labelled": LABELLED,
  "prefs.demonstration": DEMONSTRATION,
  "prefs.prompt": PROMPT,
  "prefs.item": ITEM,
};
const SCHEMAS = `one of ${Object.keys(COLUMNS).join(", ")}`;
const HASH: Column[] = columns("string", "hash");

/** The columns of a lossless file of one kind of record, its checksum last. */
export function losslessColumns(schema: Imported["schema"]): Column[] {
  return [...COLUMNS[schema], ...HASH];
}

function isSchema(schema: string): schema is Imported["schema"] {
  return Object.hasOwn(COLUMNS, schema);
}

/** A record with its checksum: SHA-256 of the canonical JSON (RFC 8785) of all the rest. */
export function sealed<T extends Imported>(record: T): T & { hash: string } {
  return { ...record, hash: checksum(record) };
}

function checksum(record: Imported): string {
  return `sha256:${sha256(canonicalJson(record))}`;
}

/**
 * Lines of the lossless file, in the order given.
 * @throws FormatError when a record breaks a rule; then nothing is written
 */
export function writeLossless(records: readonly Imported[]): string {
  return records
    .map((record, i) => {
      try {
        checkRecord(record);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        throw new FormatError(`Record ${i + 1}, ${error.message} Nothing was written.`);
      }
      return writeLine(losslessColumns(record.schema), sealed(record));
    })
    .join("");
}

/**
 * Reads one line of the lossless file. Keys it does not know are kept in `extra` and written back.
 * @throws FormatError when a newer version wrote it; Refusal when it breaks a rule
 */
export function readLossless(value: object): Imported {
  const { schema, v } = value as { schema: unknown; v: unknown };
  if (typeof schema !== "string") throw refusal("schema", schema, SCHEMAS);
  if (typeof v === "number" && Number.isSafeInteger(v) && v > 1) throw newer(schema, v);
  if (v !== 1) throw refusal("v", v, "1");
  if (!isSchema(schema)) throw refusal("schema", schema, SCHEMAS);
  const unknown = new Map<string, unknown>();
  const { hash, ...read } = readColumns(losslessColumns(schema), value, unknown);
  const record = read as unknown as Imported;
  checkRecord(record);
  const expected = unknown.size === 0 && hash !== "" ? checksum(record) : hash;
  if (hash !== expected) {
    throw new Refusal(
      `${code("hash")}: found ${found(hash)}; expected the checksum of this line, so it was changed after it was written.`,
    );
  }
  if (unknown.size > 0) record.extra = withExtra(record.extra, unknown);
  return record;
}

function newer(schema: string, v: number): FormatError {
  return new FormatError(
    `This file was written by a newer version (${code(schema)} v${v}; this app reads v1). Nothing was changed. Reload the page to update.`,
  );
}

/** `extra` with more keys in it; what is there already wins. */
export function withExtra(extra: string, more: ReadonlyMap<string, unknown>): string {
  const all = new Map(more);
  if (extra !== "") {
    for (const [key, value] of Object.entries(JSON.parse(extra) as object)) all.set(key, value);
  }
  return all.size === 0 ? "" : canonicalJson(Object.fromEntries(all));
}

/** Refuses a record of our own that contradicts itself. */
function checkRecord(record: Imported): void {
  checkExtra(record.extra);
  if (!["text", "chat"].includes(record.format)) {
    throw refusal("format", record.format, "text or chat");
  }
  checkMessages("context", record.context);
  if (record.schema === "prefs.ranking") checkRanking(record);
  else if (record.schema === "prefs.item") checkAnswers(record.completions, 1);
  else if (record.schema !== "prefs.prompt") checkMessages("completion", record.completion);
  if (record.schema === "prefs.labelled") checkLabelled(record);
}

function checkExtra(extra: string): void {
  if (extra === "") return;
  let value: unknown;
  try {
    value = JSON.parse(extra);
  } catch {
    value = null;
  }
  const plain = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!plain || spelled(value) !== extra)
    throw refusal("extra", extra, "canonical JSON or nothing");
}

function spelled(value: unknown): string | null {
  try {
    return canonicalJson(value);
  } catch {
    return null; // reserved keys, numbers that are not finite
  }
}

function checkMessages(path: string, messages: readonly Message[]): void {
  if (messages.length === 0) throw refusal(path, messages, "at least one message");
  const bad = messages.findIndex(({ role }) => !(ROLES as readonly string[]).includes(role));
  if (bad >= 0) {
    throw refusal(`${path}[${bad}].role`, messages[bad]?.role, "system, user, assistant or tool");
  }
}

function checkLabelled({ label, active_ms }: Labelled): void {
  if (![-1, 0, 1].includes(label)) throw refusal("label", label, "-1, 0 or 1");
  if (active_ms < 0) throw refusal("active_ms", active_ms, "a time of 0 or more");
}

/** Most answers in one ranking; this page shows up to 9, other tools' files have more. */
const MAX_ANSWERS = 100;

function checkAnswers(completions: readonly Candidate[], least: number): void {
  if (completions.length < least || completions.length > MAX_ANSWERS) {
    throw new Refusal(
      `${code("completions")}: found ${completions.length}; expected ${least} to ${MAX_ANSWERS} answers.`,
    );
  }
  completions.forEach((one, i) => checkMessages(`completions[${i}].completion`, one.completion));
}

function checkRanking(record: Ranking): void {
  const { completions, ranking, unranked, shown, strengths } = record;
  checkAnswers(completions, 2);
  const placed = [...ranking.flat(), ...unranked];
  if (!isPermutation(placed, completions.length) || ranking.some((group) => group.length === 0)) {
    const expected = `groups that hold, with unranked, each index from 0 to ${completions.length - 1} once`;
    throw refusal("ranking", ranking, expected);
  }
  const places = completions.map((_, i) => ranking.findIndex((group) => group.includes(i)));
  const wrong = completions.findIndex(
    ({ rank }, i) => rank !== (places[i] === -1 ? ranking.length : places[i]),
  );
  if (wrong >= 0) {
    throw refusal(`completions[${wrong}].rank`, completions[wrong]?.rank, "what ranking says");
  }
  if (shown.length > 0 && !isPermutation(shown, completions.length)) {
    throw refusal("shown", shown, `each index from 0 to ${completions.length - 1} once`);
  }
  const gaps = Math.max(0, ranking.length - 1);
  if (strengths.length !== gaps || !strengths.every((s) => [0, 1, 2, 3].includes(s))) {
    throw refusal("strengths", strengths, `${gaps} numbers from 0 to 3, one between groups`);
  }
  checkRest(record);
}

function checkRest(record: Ranking): void {
  if (!["ranked", "skipped", "flagged"].includes(record.outcome)) {
    throw refusal("outcome", record.outcome, "ranked, skipped or flagged");
  }
  for (const key of ["active_ms", "idle_ms", "hidden_ms", "moves", "undos", "revision"] as const) {
    if (record[key] < 0) throw refusal(key, record[key], "0 or more");
  }
}

function isPermutation(list: readonly number[], n: number): boolean {
  return list.length === n && new Set(list).size === n && list.every((i) => i >= 0 && i < n);
}
