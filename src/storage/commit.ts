// Transactions over events and their projection: the only code that writes either.
import type { Database, MetaRow, Schema } from "./schema.ts";
import { foldProject, recordsOf } from "./projects.ts";
import type { ProjectRow, RecordRow } from "./projects.ts";
import { StorageError } from "./errors.ts";
import { foldEvent, rowKey } from "./events.ts";
import type { JudgementRow, StoredEvent } from "./events.ts";
import type { IDBPTransaction } from "idb";

/** Version of `foldEvent`. A higher number makes every projection be rebuilt from its events. */
export const FOLD_VERSION = 1;

/** Events per read when folding all of them; 500 to 2,000 measured alike in Chromium. */
const BATCH = 1000;

type ProjectionRow = Extract<MetaRow, { key: "projection" }>;
type WrittenStore = "events" | "judgements" | "projects" | "records" | "meta";
type Write = IDBPTransaction<Schema, WrittenStore[], "readwrite">;
const WRITTEN: WrittenStore[] = ["events", "judgements", "projects", "records", "meta"];

/**
 * Writes sealed events of one writer, in one strict transaction with the rows and counts that follow
 * from them. Resolves when the transaction is complete, which is the only acknowledgement there is:
 * a request that succeeded can still be rolled back when the disk is full. Writing the same events
 * again changes nothing.
 */
export async function commitEvents(db: Database, events: readonly StoredEvent[]): Promise<void> {
  const tx = db.transaction(WRITTEN, "readwrite", { durability: "strict" });
  await guarded(tx, async () => {
    let added = 0;
    for (const event of events) {
      if (await alreadyThere(tx, event)) continue;
      void tx.objectStore("events").add(event).catch(ignore);
      await foldInto(tx, event);
      added++;
    }
    const last = events.at(-1);
    if (added === 0 || last === undefined) return;
    const count = await projection(tx);
    put(tx, { ...count, events: count.events + added, folded: count.folded + added });
    put(tx, { key: `head:${last.writer}`, seq: last.seq, hash: last.hash });
  });
}

/**
 * Puts events of the second copy back in one transaction. Their rows do not follow yet: the
 * projection is marked as behind, and refoldIfBehind must come next.
 */
export async function putBack(db: Database, events: readonly StoredEvent[]): Promise<void> {
  const tx = db.transaction(WRITTEN, "readwrite", { durability: "strict" });
  await guarded(tx, async () => {
    let added = 0;
    const heads = new Map<string, StoredEvent>();
    for (const event of events) {
      if (await alreadyThere(tx, event)) continue;
      void tx.objectStore("events").add(event).catch(ignore);
      added++;
      if (event.seq >= (heads.get(event.writer)?.seq ?? 0)) heads.set(event.writer, event);
    }
    for (const { writer, seq, hash } of heads.values()) {
      const head = await tx.objectStore("meta").get(`head:${writer}`);
      const later = head !== undefined && "seq" in head && head.seq > seq;
      if (!later) put(tx, { key: `head:${writer}`, seq, hash });
    }
    const count = await projection(tx);
    put(tx, { ...count, events: count.events + added });
  });
}

/** Rebuilds the projection from all events when it is behind or was made by another fold. */
export async function refoldIfBehind(db: Database): Promise<boolean> {
  const row = await db.get("meta", "projection");
  const whole =
    row?.key === "projection"
      ? row.folded === row.events && row.fold === FOLD_VERSION
      : (await db.count("events")) === 0;
  if (whole) return false;
  const tx = db.transaction(WRITTEN, "readwrite", { durability: "strict" });
  await guarded(tx, async () => {
    const fold = await foldAll(tx);
    const { events } = fold;
    for (const store of ["judgements", "projects", "records"] as const) {
      void tx.objectStore(store).clear().catch(ignore);
    }
    for (const row of fold.rows()) void tx.objectStore("judgements").put(row).catch(ignore);
    for (const row of fold.projects()) void tx.objectStore("projects").put(row).catch(ignore);
    for (const row of fold.records()) void tx.objectStore("records").put(row).catch(ignore);
    put(tx, { key: "projection", events, folded: events, fold: FOLD_VERSION });
  });
  return true;
}

const EMPTY_PROJECTION: ProjectionRow = {
  key: "projection",
  events: 0,
  folded: 0,
  fold: FOLD_VERSION,
};

/** A failed request aborts its transaction, whose `done` rejects with the cause; one report is enough. */
function ignore(): void {}

/** Runs the requests of a transaction, then waits for its completion; aborts it when they throw. */
async function guarded(tx: Write, requests: () => Promise<void>): Promise<void> {
  const done = tx.done;
  done.catch(ignore);
  try {
    await requests();
  } catch (error) {
    // Already aborted when the browser was the cause; then `done` knows the reason better.
    try {
      tx.abort();
    } catch {
      await done;
    }
    throw error;
  }
  await done;
}

async function alreadyThere(tx: Write, event: StoredEvent): Promise<boolean> {
  const existing = await tx.objectStore("events").get([event.writer, event.seq]);
  if (existing === undefined) return false;
  if (existing.hash === event.hash) return true;
  const sentence = `Event ${event.seq} of writer ${event.writer} exists with other content, so nothing was written; reload the page.`;
  throw new StorageError("conflict", sentence);
}

async function foldInto(tx: Write, event: StoredEvent): Promise<void> {
  const projects = tx.objectStore("projects");
  const project = foldProject(await projectRow(tx, event), event);
  if (project !== null) void projects.put(project).catch(ignore);
  for (const row of recordsOf(event)) void tx.objectStore("records").put(row).catch(ignore);
  if (event.kind === "records.remove") await removeBatch(tx, event.project, event.body.batch);
  const key = rowKey(event);
  if (key === null) return;
  const judgements = tx.objectStore("judgements");
  const row = foldEvent(await judgements.get(key), event);
  if (row !== null) void judgements.put(row).catch(ignore);
}

/** The row that a project event changes; other events need no read. */
async function projectRow(tx: Write, event: StoredEvent): Promise<ProjectRow | undefined> {
  const about = event.kind.startsWith("project.") || event.kind === "guideline.save";
  return about ? tx.objectStore("projects").get(event.project) : undefined;
}

async function removeBatch(tx: Write, project: string, batch: string): Promise<void> {
  const records = tx.objectStore("records");
  const keys = await records.index("batch").getAllKeys(IDBKeyRange.only([project, batch]));
  for (const key of keys) void records.delete(key).catch(ignore);
}

async function projection(tx: Write): Promise<ProjectionRow> {
  const row = await tx.objectStore("meta").get("projection");
  return row?.key === "projection" ? row : EMPTY_PROJECTION;
}

function put(tx: Write, row: MetaRow): void {
  void tx.objectStore("meta").put(row).catch(ignore);
}

/** Everything that follows from events, given in any order. */
export class Fold {
  readonly #rows = new Map<string, JudgementRow>();
  readonly #projects = new Map<string, ProjectRow>();
  readonly #records = new Map<string, RecordRow>();
  readonly #removed = new Set<string>();
  events = 0;

  add(events: readonly StoredEvent[]): void {
    for (const event of events) {
      this.events++;
      foldRow(this.#rows, event);
      const project = foldProject(this.#projects.get(event.project), event);
      if (project !== null) this.#projects.set(event.project, project);
      for (const row of recordsOf(event)) keepLater(this.#records, row);
      if (event.kind !== "records.remove") continue;
      this.#removed.add(batchName(event.project, event.body.batch));
    }
  }

  rows(): JudgementRow[] {
    return [...this.#rows.values()];
  }

  projects(): ProjectRow[] {
    return [...this.#projects.values()];
  }

  records(): RecordRow[] {
    return [...this.#records.values()].filter(
      ({ project, batch }) => !this.#removed.has(batchName(project, batch)),
    );
  }
}

async function foldAll(tx: Write): Promise<Fold> {
  const fold = new Fold();
  let after: [string, number] | null = null;
  for (;;) {
    const range: IDBKeyRange | null = after === null ? null : IDBKeyRange.lowerBound(after, true);
    const batch: StoredEvent[] = await tx.objectStore("events").getAll(range, BATCH);
    fold.add(batch);
    const last = batch.at(-1);
    if (last === undefined || batch.length < BATCH) return fold;
    after = [last.writer, last.seq];
  }
}

function foldRow(rows: Map<string, JudgementRow>, event: StoredEvent): void {
  const key = rowKey(event);
  if (key === null) return;
  const name = JSON.stringify(key);
  const row = foldEvent(rows.get(name), event);
  if (row !== null) rows.set(name, row);
}

/** The same record added twice stays where it was added last, as in the store. */
function keepLater(records: Map<string, RecordRow>, row: RecordRow): void {
  const name = JSON.stringify([row.project, row.id]);
  const there = records.get(name);
  if (there === undefined || there.at < row.at) records.set(name, row);
}

function batchName(project: string, batch: string): string {
  return JSON.stringify([project, batch]);
}
