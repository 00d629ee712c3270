// Compares the two copies by the keys of their events, completes the journal, and puts events back.
import { putBack, refoldIfBehind } from "../commit.ts";
import type { Connection } from "../database.ts";
import type { StoredEvent } from "../events.ts";
import { rowKey } from "../events.ts";
import { eventKey, eventOf } from "./frame.ts";
import type { JournalRecord } from "./frame.ts";
import type { Comparison, Missing } from "./journal.ts";
import { readSegments } from "./segments.ts";
import type { Directory, JournalScan } from "./segments.ts";
import { ANNOTATOR_KEY } from "./writer.ts";
import type { JournalWriter } from "./writer.ts";

const READING = "Comparing both copies";
/** Events read or written at a time, so that saving a judgement never waits for long. */
const BATCH = 500;

/** Keys and totals of the journal, without its events. */
interface JournalKeys extends JournalScan {
  keys: Set<string>;
  /** pseudonym of this browser as the journal has it; "" for none */
  annotator: string;
}

async function journalKeys(directory: Directory): Promise<JournalKeys> {
  const keys = new Set<string>();
  let annotator = "";
  const found = await readSegments(directory, (records) => {
    for (const record of records) {
      if (record.key === ANNOTATOR_KEY) annotator = annotatorOf(record);
      else keys.add(record.key);
    }
  });
  return { ...found, keys, annotator };
}

function annotatorOf({ json }: JournalRecord): string {
  const value = JSON.parse(new TextDecoder().decode(json)) as { id?: unknown };
  return typeof value.id === "string" ? value.id : "";
}

/**
 * Compares the copies. What only the database has is appended to the journal: events of a tab that
 * was killed between its two writes, or from before there was a journal.
 */
export async function compareCopies(
  connection: Connection,
  directory: Directory,
  writer: JournalWriter,
): Promise<Comparison> {
  const { keys, annotator, ...found } = await journalKeys(directory);
  const lacking: [string, number][] = [];
  let database = 0;
  let shared = 0;
  for await (const key of databaseKeys(connection)) {
    database++;
    if (keys.has(eventKey({ writer: key[0], seq: key[1] }))) shared++;
    else lacking.push(key);
  }
  const missing = shared < keys.size ? await missingIn(connection, directory) : null;
  const own = await ownAnnotator(connection);
  if (missing === null && own !== "" && own !== annotator) await writer.name(own);
  const caughtUp = await catchUp(connection, writer, lacking);
  return { ...found, database, journal: keys.size + caughtUp, caughtUp, missing };
}

/** The keys of all events, in batches of one short transaction each. */
async function* databaseKeys(connection: Connection): AsyncGenerator<[string, number]> {
  for (let after: [string, number] | null = null; ;) {
    const range: IDBKeyRange | null = after === null ? null : IDBKeyRange.lowerBound(after, true);
    const batch: [string, number][] = await connection.use(READING, (db) =>
      db.getAllKeys("events", range, 4 * BATCH),
    );
    yield* batch;
    const last = batch.at(-1);
    if (last === undefined || batch.length < 4 * BATCH) return;
    after = last;
  }
}

async function ownAnnotator(connection: Connection): Promise<string> {
  const row = await connection.use(READING, (db) => db.get("meta", "annotator"));
  return row?.key === "annotator" ? row.id : "";
}

/** Appends the events with these keys to the journal; gives how many got there. */
async function catchUp(
  connection: Connection,
  writer: JournalWriter,
  keys: readonly [string, number][],
): Promise<number> {
  let done = 0;
  for (let at = 0; at < keys.length; at += BATCH) {
    const part = keys.slice(at, at + BATCH);
    const events = await connection.use(READING, (db) => {
      const store = db.transaction("events").store;
      return Promise.all(part.map((key) => store.get(key)));
    });
    const there = events.filter((event) => event !== undefined);
    if ((await writer.append(there)).kind !== "whole") break;
    done += there.length;
  }
  return done;
}

/** Hands over every event of the journal that the database lacks, file by file. */
async function forMissing(
  connection: Connection,
  directory: Directory,
  take: (events: StoredEvent[]) => Promise<void>,
): Promise<void> {
  const known = new Set<string>();
  for await (const [writer, seq] of databaseKeys(connection)) known.add(eventKey({ writer, seq }));
  await readSegments(directory, async (records) => {
    const part = records.filter(({ key }) => key !== ANNOTATOR_KEY && !known.has(key));
    for (const { key } of part) known.add(key);
    const events = part.map(eventOf).filter((event) => event !== null);
    if (events.length > 0) await take(events);
  });
}

async function missingIn(connection: Connection, directory: Directory): Promise<Missing | null> {
  const count = new MissingCount();
  await forMissing(connection, directory, async (events) => count.add(events));
  return count.result();
}

/** Counts events as a person does. */
export class MissingCount {
  #events = 0;
  #tasks = new Set<string>();
  #names = new Map<string, string>();
  #from = Infinity;
  #to = 0;

  add(events: readonly StoredEvent[]): void {
    for (const event of events) {
      this.#events++;
      this.#from = Math.min(this.#from, event.t);
      this.#to = Math.max(this.#to, event.t);
      const key = rowKey(event);
      if (key !== null) this.#tasks.add(key.join(" "));
      const named = event.kind === "project.create" || event.kind === "project.change";
      const name = named ? event.body.name : undefined;
      if (name !== undefined) this.#names.set(event.project, name);
    }
  }

  result(): Missing | null {
    if (this.#events === 0) return null;
    return {
      events: this.#events,
      judgements: this.#tasks.size,
      projects: [...this.#names.values()],
      from: this.#from,
      to: this.#to,
    };
  }
}

/**
 * Puts every event of the journal back that the database lacks, then rebuilds the rows. What is in
 * the database already stays as it is. Stopped halfway, it can be done again.
 * @param progress gets how many events were put back so far
 * @throws StorageError
 */
export async function restoreFrom(
  connection: Connection,
  directory: Directory,
  progress: (events: number) => void,
): Promise<number> {
  const { annotator } = await journalKeys(directory);
  const doing = "Putting your judgements back";
  const before = await connection.use(doing, (db) => db.count("events"));
  let done = 0;
  await forMissing(connection, directory, async (events) => {
    for (let at = 0; at < events.length; at += BATCH) {
      const part = events.slice(at, at + BATCH);
      await connection.use(doing, (db) => putBack(db, part));
      done += part.length;
      progress(done);
    }
  });
  await connection.use(doing, async (db) => {
    await refoldIfBehind(db);
    // The database was empty, so the pseudonym in it was made up a moment ago.
    if (before > 0 || annotator === "") return;
    const tx = db.transaction("meta", "readwrite", { durability: "strict" });
    await Promise.all([tx.store.put({ key: "annotator", id: annotator }), tx.done]);
  });
  return done;
}
