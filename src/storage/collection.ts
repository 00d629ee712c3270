// Reading projects and what is in them. Lists are read as keys, so that a large project opens fast.
import type { Connection } from "./database.ts";
import type { EventDraft, JudgementRow, RowKey, StoredEvent } from "./events.ts";
import type { Database } from "./schema.ts";
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
  return connection.use(READING, async (db) => {
    const { store } = db.transaction("records");
    const ids: string[] = [];
    const rows = {
      keys: (range: IDBKeyRange, most: number) => store.index("at").getAllKeys(range, most),
      place: async (key: RecordKey) => {
        const row = await store.get(key);
        return row && [row.project, row.schema, row.at];
      },
    };
    await keysInParts(rows, [project, schema], (keys) => {
      for (const [, id] of keys) ids.push(id);
    });
    return ids;
  });
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

/** Keys read in one go: 100,000 at once would hold the page up. */
const KEYS_AT_ONCE = 2000;

type RecordKey = [project: string, id: string];

/** Rows in the order of an index whose keys are different for all of them. */
interface Keyed<Key> {
  /** the first primary keys of a range of the index */
  keys(range: IDBKeyRange, most: number): Promise<Key[]>;
  /** the index key of a row */
  place(key: Key): Promise<IDBValidKey[] | undefined>;
}

/**
 * The primary keys of the rows whose index key begins with `prefix`, in parts. The last row of a part says where
 * the next begins: a cursor that counts to there would walk over all keys once more.
 */
async function keysInParts<Key>(
  rows: Keyed<Key>,
  prefix: readonly string[],
  take: (keys: readonly Key[]) => void,
): Promise<void> {
  const end = [...prefix, []];
  for (let rest = IDBKeyRange.bound([...prefix], end); ;) {
    const keys = await rows.keys(rest, KEYS_AT_ONCE);
    const last = keys[KEYS_AT_ONCE - 1];
    const next = last === undefined ? undefined : rows.place(last);
    take(keys);
    const from = await next;
    if (from === undefined) return;
    rest = IDBKeyRange.bound(from, end, true);
  }
}

/**
 * Who has submitted a decision about which task: the keys alone, in parts, from an index,
 * which holds no texts.
 * @param take gets every part once, unless the browser lost its connection and all begins again
 */
export function submittedBy(
  connection: Connection,
  project: string,
  take: (keys: readonly RowKey[]) => void,
): Promise<void> {
  return connection.use(READING, async (db) => {
    const { store } = db.transaction("judgements");
    const state = store.index("state");
    const others = await Promise.all(
      ["retracted", "skipped"].map((one) => state.getAllKeys(IDBKeyRange.only([project, one]))),
    );
    const left = new Set(others.flat().map(keyName));
    const submitted = (key: RowKey): boolean => left.size === 0 || !left.has(keyName(key));
    const rows = {
      keys: (range: IDBKeyRange, most: number) => store.index("event").getAllKeys(range, most),
      place: async (key: RowKey) => {
        const row = await store.get(key);
        return row && [row.project, row.event];
      },
    };
    await keysInParts(rows, [project], (keys) => take(keys.filter(submitted)));
  });
}

function keyName([task, annotator]: RowKey): string {
  return JSON.stringify([task, annotator]);
}

/** The rows that were changed last, by anyone and in every state, oldest change first. */
export async function newestRows(
  db: Database,
  project: string,
  most: number,
): Promise<JudgementRow[]> {
  const all = IDBKeyRange.bound([project], [project, []]);
  const index = db.transaction("judgements").store.index("event");
  const cursor = await index.openKeyCursor(all, "prev");
  if (cursor === null) return [];
  const first = most > 1 ? await cursor.advance(most - 1) : cursor;
  return index.getAll(first === null ? all : IDBKeyRange.bound(first.key, [project, []]));
}

/** An import of a project: its file, and how many records it brought. */
export interface BatchRow {
  readonly id: string;
  readonly source: string;
  readonly records: number;
}

/** The imports of a project, by their first record alone. */
export function listBatches(connection: Connection, project: string): Promise<BatchRow[]> {
  return connection.use(READING, async (db) => {
    const index = db.transaction("records").store.index("batch");
    const found: BatchRow[] = [];
    const range = IDBKeyRange.bound([project], [project, []]);
    let cursor = await index.openCursor(range, "nextunique");
    while (cursor !== null) {
      const { batch: id, source } = cursor.value;
      found.push({ id, source, records: await index.count(IDBKeyRange.only([project, id])) });
      cursor = await cursor.continue();
    }
    return found;
  });
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
  const mine = rows.filter((row) => row.batch === batch);
  const undone = mine.flatMap((one): JudgementRow[] => {
    const { decision: _, batch: __, ...row } = one;
    const link = { event: nextId(), revision: row.revision + 1, supersedes: row.event };
    const then = before(one, link);
    if (then !== null) return [then];
    const gone = { state: "retracted", judgement: null, reason: "import undone" } as const;
    return one.state === "submitted" ? [{ ...row, ...link, ...gone }] : [];
  });
  return [
    { kind: "records.remove", task: "", body: { batch } },
    ...undone.map((row): EventDraft => ({
      kind: "ranking.import",
      task: row.task,
      body: { row },
    })),
  ];
}
