// The one database: its stores and indexes, and how each version follows from the one before.
import type { DBSchema, IDBPDatabase, IDBPTransaction, StoreNames } from "idb";
import type { CheckpointRow } from "./checkpoints.ts";
import type { JudgementRow, StoredEvent } from "./events.ts";
import type { ProjectRow, RecordRow } from "./projects.ts";
import type { RunRow } from "./runs.ts";

export const DATABASE_NAME = "nudge";

/** Rows of `meta`, by the prefix of their key. */
export type MetaRow =
  | { key: "annotator"; id: string }
  /** How many events the store holds, and how many of them the projection shows, by which fold. */
  | { key: "projection"; events: number; folded: number; fold: number }
  /** Last event of a writer; key `head:<writer>`. */
  | { key: `head:${string}`; seq: number; hash: string };

export interface Schema extends DBSchema {
  meta: { key: string; value: MetaRow };
  events: {
    key: [writer: string, seq: number];
    value: StoredEvent;
    indexes: { task: string; id: [project: string, id: string]; kind: string };
  };
  judgements: {
    key: [task: string, annotator: string];
    value: JudgementRow;
    indexes: { event: [project: string, event: string]; state: [project: string, state: string] };
  };
  /** Names, settings and guidelines of projects, and the records imported into them. */
  projects: { key: string; value: ProjectRow };
  records: {
    key: [project: string, id: string];
    value: RecordRow;
    indexes: {
      at: [project: string, schema: string, at: string];
      batch: [project: string, batch: string];
    };
  };
  runs: { key: string; value: RunRow; indexes: { time: [project: string, t: number] } };
  checkpoints: { key: string; value: CheckpointRow; indexes: { run: string } };
  /** Bytes of checkpoints, apart from their rows so that listing reads no weights. */
  files: { key: string; value: ArrayBuffer };
}

export type Database = IDBPDatabase<Schema>;
type Upgrade = IDBPTransaction<Schema, StoreNames<Schema>[], "versionchange">;

/**
 * MIGRATIONS[v] brings schema v to v + 1. They add stores and indexes only; a released one is never
 * edited. Content is rewritten later, in steps, by the code that reads it.
 */
export const MIGRATIONS: readonly ((db: Database, tx: Upgrade) => void)[] = [
  (db) => {
    db.createObjectStore("meta", { keyPath: "key" });
    const events = db.createObjectStore("events", { keyPath: ["writer", "seq"] });
    events.createIndex("task", "task");
    events.createIndex("id", ["project", "id"]);
    events.createIndex("kind", "kind");
    const judgements = db.createObjectStore("judgements", { keyPath: ["task", "annotator"] });
    judgements.createIndex("event", ["project", "event"]);
    db.createObjectStore("runs", { keyPath: "id" }).createIndex("time", ["project", "t"]);
    db.createObjectStore("checkpoints", { keyPath: "id" }).createIndex("run", "run");
    db.createObjectStore("files");
  },
  (db, tx) => {
    db.createObjectStore("projects", { keyPath: "id" });
    const records = db.createObjectStore("records", { keyPath: ["project", "id"] });
    records.createIndex("at", ["project", "schema", "at"]);
    records.createIndex("batch", ["project", "batch"]);
    tx.objectStore("judgements").createIndex("state", ["project", "state"]);
  },
];

export const SCHEMA_VERSION = MIGRATIONS.length;
