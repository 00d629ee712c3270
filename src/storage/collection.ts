// Reading projects and what is in them. Lists are read as keys, so that a large project opens fast.
import type { Connection } from "./database.ts";
import type { EventDraft, JudgementRow, StoredEvent } from "./events.ts";
import type { KeptRecord, ProjectRow, RecordRow } from "./projects.ts";

const READING = "Reading the project";

/** All projects, archived ones too, newest first. */
export async function listProjects(connection: Connection): Promise<ProjectRow[]> {
  const rows = await connection.use("Reading your projects", (db) => db.getAll("projects"));
  return rows.sort((a, b) => b.created - a.created);
}

export function oneProject(connection: Connection, id: string): Promise<ProjectRow | undefined> {
  return connection.use(READING, (db) => db.get("projects", id));
}

/** Ids of the records of one kind, in the order they came. */
export async function recordIds(
  connection: Connection,
  project: string,
  schema: string,
): Promise<string[]> {
  const range = IDBKeyRange.bound([project, schema], [project, schema, []]);
  const keys = await connection.use(READING, (db) =>
    db.getAllKeysFromIndex("records", "at", range),
  );
  return keys.map(([, id]) => id);
}

/** All records of a project, in the order they came within each kind. */
export function allRecords(connection: Connection, project: string): Promise<RecordRow[]> {
  const range = IDBKeyRange.bound([project], [project, []]);
  return connection.use(READING, (db) => db.getAllFromIndex("records", "at", range));
}

export async function oneRecord(
  connection: Connection,
  project: string,
  id: string,
): Promise<RecordRow | undefined> {
  return connection.use(READING, (db) => db.get("records", [project, id]));
}

/** Who has submitted a decision about which task: the keys alone. */
export function submittedBy(
  connection: Connection,
  project: string,
): Promise<[task: string, annotator: string][]> {
  const range = IDBKeyRange.only([project, "submitted"]);
  return connection.use(READING, (db) => db.getAllKeysFromIndex("judgements", "state", range));
}

/** How many sets a project has, and how many judgements by everyone: counted, not read. */
export function countsOf(
  connection: Connection,
  project: string,
): Promise<{ sets: number; judgements: number }> {
  return connection.use(READING, async (db) => {
    const items = IDBKeyRange.bound([project, "prefs.item"], [project, "prefs.item", []]);
    const [sets, judgements] = await Promise.all([
      db.countFromIndex("records", "at", items),
      db.countFromIndex("judgements", "state", IDBKeyRange.only([project, "submitted"])),
    ]);
    return { sets, judgements };
  });
}

/** Every event about one task, oldest first: its whole history, by everyone. */
export async function taskEvents(
  connection: Connection,
  project: string,
  task: string,
): Promise<StoredEvent[]> {
  const events = await connection.use("Reading the history", (db) =>
    db.getAllFromIndex("events", "task", task),
  );
  const own = events.filter((event) => event.project === project);
  return own.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Records per event: an event stays a few hundred kilobytes. */
const PART = 200;

/** What a file brings: records as they are, and decisions with their own author and time. */
export interface Intake {
  batch: string;
  source: string;
  records: readonly KeptRecord[];
  rows: readonly JudgementRow[];
}

/** The events that add an import. */
export function addDrafts({ batch, source, records, rows }: Intake): EventDraft[] {
  const drafts: EventDraft[] = rows.map((row) => ({
    kind: "ranking.import",
    task: row.task,
    body: { row: { ...row, batch } },
  }));
  for (let at = 0; at < records.length; at += PART) {
    const body = { batch, source, records: records.slice(at, at + PART) };
    drafts.push({ kind: "records.add", task: "", body });
  }
  return drafts;
}

/**
 * The events that take an import back: its records, and those of its rows that nobody changed since.
 * @param nextId gives identifiers that sort after those of the rows
 * @param before gives a row as it was before the import, said once more under the link; null for none
 */
export function removeDrafts(
  batch: string,
  rows: readonly JudgementRow[],
  nextId: () => string,
  before: (
    row: JudgementRow,
    link: Pick<JudgementRow, "event" | "revision" | "supersedes">,
  ) => JudgementRow | null = () => null,
): EventDraft[] {
  const mine = rows.filter((row) => row.batch === batch && row.state === "submitted");
  const retracted = mine.map((one): JudgementRow => {
    const { decision: _, batch: __, ...row } = one;
    const link = { event: nextId(), revision: row.revision + 1, supersedes: row.event };
    const gone = { state: "retracted", judgement: null, reason: "import undone" } as const;
    return before(one, link) ?? { ...row, ...link, ...gone };
  });
  return [
    { kind: "records.remove", task: "", body: { batch } },
    ...retracted.map((row): EventDraft => ({
      kind: "ranking.import",
      task: row.task,
      body: { row },
    })),
  ];
}
