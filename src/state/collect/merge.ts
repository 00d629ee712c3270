// What merging files of several people would bring: new judgements, those that are here, and contradictions.
import type { Imported } from "../../formats/records.ts";
import { agreementBetween, agreementTiesOut } from "../../quality/agreement.ts";
import { rankedOf } from "../../quality/items.ts";
import { mergeRows } from "../../quality/merge.ts";
import type { Conflict } from "../../quality/merge.ts";
import type { JudgementRow, StoredEvent } from "../../storage/events.ts";
import { foldEvent } from "../../storage/events.ts";
import { canonicalJson } from "../../storage/json.ts";
import type { KeptRecord } from "../../storage/projects.ts";
import { wholeDemonstration, wholeRanking } from "./sets.ts";

/** A file as it was read: judgements with their own authors and times, and everything else. */
export interface MergeFile {
  readonly name: string;
  readonly rows: readonly JudgementRow[];
  readonly records: readonly KeptRecord[];
  /** sentences about what was left out or looks wrong */
  readonly notes: readonly string[];
}

/** What of this project a merge is compared with. */
export interface Here {
  /** decisions of everyone, also those that were taken back */
  readonly rows: readonly JudgementRow[];
  /** ids of records and demonstrations */
  readonly records: ReadonlySet<string>;
  /** ids of all versions in the history */
  readonly versions: ReadonlySet<string>;
}

export interface FileSummary {
  readonly name: string;
  readonly people: readonly string[];
  readonly fresh: number;
  /** judgements that their author took back since */
  readonly takenBack: number;
  /** of the new ones, those that take the place of what the same person said here */
  readonly replacing: number;
  readonly same: number;
  /** versions that were replaced here since */
  readonly older: number;
  readonly notes: readonly string[];
}

export interface MergePlan {
  readonly files: readonly FileSummary[];
  readonly rows: readonly JudgementRow[];
  /** of these rows, those that are the last word of their person on their set */
  readonly counting: number;
  /** versions that were replaced since and that the history here does not have: they change no answer */
  readonly versions: readonly JudgementRow[];
  readonly records: readonly KeptRecord[];
  /** sets among the records */
  readonly sets: number;
  readonly conflicts: readonly Conflict[];
  /** everybody after the merge */
  readonly people: number;
  /** sets that two or more people judged, and how often they agree; null for no pair */
  readonly overlap: number;
  readonly agreement: number | null;
}

/** How far ahead of this clock a judgement may be dated: a day, for clocks that are wrong. */
const FUTURE = 24 * 3600 * 1000;

/** A row as it reads the same wherever it was made and however it came. */
export function plainRow(row: JudgementRow): JudgementRow {
  const { batch: _, decision, ...rest } = row;
  const ranking = wholeRanking(row);
  if (decision === undefined || ranking === null) return rest;
  return { ...rest, decision: { ranking, demonstration: null } };
}

/** The rows of a history that was made in another project, as rows of this one. */
export function rowsOfEvents(
  events: readonly StoredEvent[],
  project: string,
  task: (item: string) => string,
): { rows: JudgementRow[]; records: Imported[] } {
  const rows = events.flatMap((event) => {
    const row = foldEvent(undefined, event);
    if (row === null || row.judgement !== null) return [];
    const item = row.task.slice(row.project.length + 1);
    return [{ ...plainRow(row), project, task: task(item) }];
  });
  const brought = events.flatMap((event) =>
    event.kind === "records.add" ? (event.body.records as unknown as Imported[]) : [],
  );
  return { rows, records: [...brought, ...demonstrationsOf(events)] };
}

/** The better answers that people wrote with the rankings that were in force in the end. */
function demonstrationsOf(events: readonly StoredEvent[]): Imported[] {
  const last = new Map<string, JudgementRow>();
  for (const event of events) {
    const row = foldEvent(undefined, event);
    if (row !== null && (last.get(keyOf(row))?.event ?? "") < row.event) last.set(keyOf(row), row);
  }
  return [...last.values()].flatMap((row) => wholeDemonstration(row) ?? []);
}

/**
 * Compares files with what is here. Nothing is decided: a contradiction is listed, and both sides stay.
 * @param now milliseconds since 1970
 * @throws Error with one sentence when a judgement is dated in the future
 */
export function planMerge(here: Here, files: readonly MergeFile[], now: number): MergePlan {
  const mine = here.rows.map(plainRow);
  const known = new Set(mine.map((row) => canonicalJson(row)));
  const current = new Map(mine.map((row) => [keyOf(row), row]));
  const all = files.map(({ rows }) => rows.map(plainRow));
  const early = all.flat().find(({ event }) => timeOf(event) > now + FUTURE);
  if (early !== undefined) {
    throw new Error(
      `The judgement ${early.event} is dated in the future, so nothing was added; check the clocks of both machines.`,
    );
  }
  const { union, current: after, conflicts } = mergeRows(mine, ...all);
  const disputed = new Set(
    conflicts.flatMap(({ versions }) => versions.map((row) => canonicalJson(row))),
  );
  const kindOf = (row: JudgementRow): "same" | "older" | "fresh" => {
    const text = canonicalJson(row);
    if (known.has(text)) return "same";
    const there = current.get(keyOf(row));
    return there !== undefined && there.event > row.event && !disputed.has(text)
      ? "older"
      : "fresh";
  };
  const counting = after.filter((row) => kindOf(row) === "fresh");
  const inForce = new Set(counting.map((row) => canonicalJson(row)));
  const replaces = (row: JudgementRow): boolean =>
    inForce.has(canonicalJson(row)) && current.has(keyOf(row));
  const records = new Map<string, KeptRecord>();
  for (const record of files.flatMap((file) => file.records)) {
    if (!here.records.has(record.id)) records.set(record.id, record);
  }
  const submitted = union.filter(({ state }) => state === "submitted");
  const { items, all: pairs, raters } = agreementBetween(rankedOf(submitted));
  return {
    files: files.map(({ name, notes }, i) => {
      const rows = all[i] ?? [];
      const number = (kind: string, taken = false): number =>
        rows.filter((row) => kindOf(row) === kind && (!taken || row.state === "retracted")).length;
      const takenBack = number("fresh", true);
      return {
        name,
        people: [...new Set(rows.map(({ annotator }) => annotator))],
        fresh: number("fresh") - takenBack,
        takenBack,
        replacing: rows.filter(replaces).length,
        same: number("same"),
        older: number("older"),
        notes,
      };
    }),
    rows: union.filter((row) => kindOf(row) === "fresh"),
    counting: counting.length,
    versions: union.filter((row) => kindOf(row) === "older" && !here.versions.has(row.event)),
    records: [...records.values()],
    sets: [...records.values()].filter(({ schema }) => schema === "prefs.item").length,
    conflicts,
    people: raters.length,
    overlap: items,
    agreement: agreementTiesOut(pairs),
  };
}

/**
 * The rows to append: those that are new, older versions for the history, and for each contradiction that was decided one more revision
 * with the version that was chosen.
 * @param choices (conflict) index of the version that counts; what is missing stays undecided
 * @param nextId gives ids that are greater than those of all rows
 */
export function mergedRows(
  { rows, versions, conflicts }: MergePlan,
  choices: ReadonlyMap<number, number>,
  nextId: () => string,
): JudgementRow[] {
  const settled = conflicts.flatMap((conflict, i) => {
    const chosen = conflict.versions[choices.get(i) ?? -1];
    if (chosen === undefined) return [];
    const latest = conflict.versions.reduce((a, b) => (b.event > a.event ? b : a));
    const revision = 1 + Math.max(...conflict.versions.map((version) => version.revision));
    return [revised(chosen, { event: nextId(), revision, supersedes: latest.event })];
  });
  return [...versions, ...rows, ...settled];
}

/** The row said once more, under another id. */
export function revised(
  row: JudgementRow,
  link: Pick<JudgementRow, "event" | "revision" | "supersedes">,
): JudgementRow {
  const { decision } = row;
  if (decision === undefined || decision.ranking.id === "") return { ...row, ...link };
  const { event: id, revision, supersedes } = link;
  const ranking = { ...decision.ranking, id, revision, supersedes };
  return { ...row, ...link, decision: { ...decision, ranking } };
}

/**
 * What was in force of each judgement before an import: the events without those that the import brought.
 * @param rows those that came with it
 */
export function rowsBefore(
  events: readonly StoredEvent[],
  batch: string,
  rows: readonly JudgementRow[],
): Map<string, JudgementRow> {
  const wanted = new Set(rows.map(keyOf));
  const before = new Map<string, JudgementRow>();
  for (const event of events) {
    if (event.kind === "ranking.import" && event.body.row.batch === batch) continue;
    const row = foldEvent(undefined, event);
    if (row === null || !wanted.has(keyOf(row))) continue;
    const there = before.get(keyOf(row));
    if (there === undefined || there.event < row.event) before.set(keyOf(row), row);
  }
  return before;
}

export function keyOf({ task, annotator }: Pick<JudgementRow, "task" | "annotator">): string {
  return JSON.stringify([task, annotator]);
}

/** Milliseconds since 1970 in a UUID version 7. */
function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
