// The store of judgements: appends events, shows the rows that follow from them, tells other tabs.
import { refoldIfBehind } from "./commit.ts";
import type { Connection } from "./database.ts";
import { StorageError } from "./errors.ts";
import type {
  Decision,
  DemonstrationBody,
  EventBodies,
  EventDraft,
  EventKind,
  JudgementRow,
  RowKey,
  StoredEvent,
} from "./events.ts";
import { rowKey } from "./events.ts";
import { createIds } from "./ids.ts";
import { normalJudgement } from "./judgement.ts";
import type { Judgement } from "./judgement.ts";
import { follows, restoring, rowAt, undoStacks } from "./undo.ts";
import { EventWriter } from "./writer.ts";

export interface StoreOptions {
  /** Events and rows of one project are read together. */
  project?: string;
  /** Who judges; the pseudonym of this browser profile when it is not given. */
  annotator?: string;
  /** Milliseconds since 1970; for tests. */
  now?: () => number;
}

/** How many rows of a file were new, and how many were here already or are older than what is here. */
export interface ImportCount {
  added: number;
  present: number;
}

/** Rows read in one go, each of some kilobytes: more would hold the page up. */
const ROWS_AT_ONCE = 250;

/** Other tabs are told which rows changed when there are at most so many; else that anything may have. */
const MOST_NAMED = 50;

/** Where something changed, and which rows; null: anything may be different. */
export type ChangeListener = (where: "here" | "elsewhere", rows: readonly RowKey[] | null) => void;

interface Message {
  readonly project: string;
  readonly rows: readonly RowKey[] | null;
}

/** How far ahead of this clock an imported event may be dated. */
const FUTURE_LIMIT = 24 * 3600 * 1000;

/**
 * Judgements of one project. Every write resolves only when it is on disk; when it rejects, with a
 * StorageError, nothing was written and the caller still holds what it tried to save. Writes from
 * one store are done in the order of the calls.
 */
export class Store {
  readonly project: string;
  /** Pseudonym of who judges: random, one per browser profile, unless the options name another. */
  readonly annotator: string;
  /** The pseudonym of this browser profile, whoever judges. */
  readonly own: string;
  readonly session: string;
  #connection: Connection;
  #now: () => number;
  #writer: EventWriter;
  #tail: Promise<unknown> = Promise.resolve();
  #listeners = new Set<ChangeListener>();
  #channel: BroadcastChannel | null = null;

  private constructor(connection: Connection, own: string, options: StoreOptions) {
    const annotator = options.annotator ?? own;
    this.own = own;
    this.#connection = connection;
    this.#now = options.now ?? Date.now;
    this.project = options.project ?? "play";
    this.annotator = annotator;
    this.#writer = new EventWriter(connection, { project: this.project, annotator }, this.#now);
    this.session = this.#writer.session;
    if (typeof BroadcastChannel === "undefined") return;
    this.#channel = new BroadcastChannel(connection.name);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => {
      if (data.project === this.project) this.#changed("elsewhere", data.rows);
    };
  }

  /** Brings the projection up to date if it is behind, and starts a new writer. */
  static async start(connection: Connection, options: StoreOptions = {}): Promise<Store> {
    const candidate = createIds(options.now).next();
    const annotator = await connection.use("Opening your rankings", async (db) => {
      await refoldIfBehind(db);
      const tx = db.transaction("meta", "readwrite", { durability: "strict" });
      const row = await tx.store.get("annotator");
      const id = row?.key === "annotator" ? row.id : candidate;
      await Promise.all([tx.store.put({ key: "annotator", id }), tx.done]);
      return id;
    });
    return new Store(connection, annotator, options);
  }

  /** Appends one event as it is. For judgements use judge, retract and skip, which link them up. */
  append<K extends Exclude<EventKind, `${"judgement" | "ranking"}.${string}` | "task.skip">>(
    kind: K,
    task: string,
    body: EventBodies[K],
  ): Promise<StoredEvent> {
    return this.#queued(() => this.#write({ kind, task, body } as EventDraft, "Saving"));
  }

  /** Saves the judgement of a task: the first time a submission, afterwards a revision. */
  judge(task: string, judgement: Judgement): Promise<StoredEvent> {
    return this.#queued(async () => {
      const row = await this.#row(task);
      const kind = row?.state === "submitted" ? "judgement.revise" : "judgement.submit";
      const body = { judgement: normalJudgement(judgement), ...follows(row) };
      return this.#write({ kind, task, body }, "Saving this ranking");
    });
  }

  /** Saves a decision of the collection page: the first time a submission, afterwards a revision. */
  rank(task: string, decision: Decision): Promise<StoredEvent> {
    return this.#queued(async () => {
      const row = await this.#row(task);
      const kind = row?.state === "submitted" ? "ranking.revise" : "ranking.submit";
      return this.#write(
        { kind, task, body: { decision, ...follows(row) } },
        "Saving this ranking",
      );
    });
  }

  /**
   * Appends several events in one transaction: all or none.
   * @param make gets identifiers that sort after every event of this store and after those it observes
   * @param doing names the action with a capital, for the sentence of an error
   */
  appendAll(
    make: (nextId: () => string, observe: (id: string) => void) => EventDraft[],
    doing: string,
  ): Promise<StoredEvent[]> {
    return this.#queued(async () => {
      const { ids } = this.#writer;
      const drafts = make(
        () => ids.next(),
        (id) => ids.observe(id),
      );
      return drafts.length === 0 ? [] : this.#writeAll(drafts, doing);
    });
  }

  /** Takes the judgement of a task back; its history stays. */
  retract(task: string, reason = ""): Promise<StoredEvent> {
    return this.#queued(async () => {
      const row = await this.#row(task);
      if (row?.state !== "submitted") {
        throw new StorageError("missing", "There is no ranking to take back here.");
      }
      const body = { reason, ...follows(row) };
      return this.#write({ kind: "judgement.retract", task, body }, "Taking the ranking back");
    });
  }

  /** Sets a task aside without judging it. */
  skip(task: string, reason: string): Promise<StoredEvent> {
    return this.#queued(async () => {
      const body = { reason, ...follows(await this.#row(task)) };
      return this.#write({ kind: "task.skip", task, body }, "Saving the skip");
    });
  }

  /** Takes back the last judgement, revision, retraction or skip; null when there is none. */
  undo(): Promise<StoredEvent | null> {
    return this.#travel("undo");
  }

  /** Brings back what the last undo took; null when there is none. */
  redo(): Promise<StoredEvent | null> {
    return this.#travel("redo");
  }

  /** How many times undo and redo would do something. */
  async undoable(): Promise<{ undo: number; redo: number }> {
    const { undo, redo } = undoStacks(await this.#ownEvents());
    return { undo: undo.length, redo: redo.length };
  }

  /** Current rows of the project, all annotators and states, in the order they were last changed. */
  async rows(): Promise<JudgementRow[]> {
    const rows: JudgementRow[] = [];
    for await (const part of this.parts()) rows.push(...part);
    return rows;
  }

  /** The same in parts that hold the page up for some milliseconds each. */
  async *parts(): AsyncGenerator<JudgementRow[]> {
    for (let after = ""; ;) {
      const range = IDBKeyRange.bound([this.project, after], [this.project, []], after !== "");
      const part = await this.#connection.use("Reading your rankings", (db) =>
        db.getAllFromIndex("judgements", "event", range, ROWS_AT_ONCE),
      );
      yield part;
      const last = part.at(-1);
      if (last === undefined || part.length < ROWS_AT_ONCE) return;
      after = last.event;
    }
  }

  /** The row about one task, of this annotator unless another is named, if there is one. */
  row(task: string, annotator = this.annotator): Promise<JudgementRow | undefined> {
    return this.#row(task, annotator);
  }

  /** The rows that hold a judgement. */
  async judgements(): Promise<(JudgementRow & { judgement: Judgement })[]> {
    return (await this.rows()).filter((row) => row.judgement !== null) as (JudgementRow & {
      judgement: Judgement;
    })[];
  }

  /** All events of the project in time order: every revision, undo and run. */
  events(): Promise<StoredEvent[]> {
    const range = IDBKeyRange.bound([this.project], [this.project, []]);
    return this.#connection.use("Reading the history", (db) =>
      db.getAllFromIndex("events", "id", range),
    );
  }

  /** All events of all projects, in the order of their writers. */
  static allEvents(connection: Connection): Promise<StoredEvent[]> {
    return connection.use("Reading the history", (db) => db.getAll("events"));
  }

  /** The latest demonstration of each task that has one. */
  async demonstrations(): Promise<(DemonstrationBody & { task: string })[]> {
    const latest = new Map<string, DemonstrationBody & { task: string }>();
    for (const { kind, task, body } of await this.events()) {
      if (kind === "demonstration.submit") latest.set(task, { task, ...body });
      if (kind === "demonstration.retract") latest.delete(task);
    }
    return [...latest.values()];
  }

  /**
   * Adds rows read from a file, all in one transaction or none. A row that is here already, or older
   * than the one here, is left as it is.
   */
  importRows(rows: readonly JudgementRow[]): Promise<ImportCount> {
    return this.#queued(async () => {
      const here = await this.#connection.use("Importing", (db) => db.getAll("judgements"));
      const current = new Map(here.map((row) => [rowName(row), row.event]));
      const fresh = rows.filter((row) => (current.get(rowName(row)) ?? "") < row.event);
      const limit = this.#now() + FUTURE_LIMIT;
      const early = fresh.find((row) => idTime(row.event) > limit);
      if (early !== undefined) {
        const sentence = `The ranking ${early.event} is dated in the future, so nothing was imported; check the clocks of both machines.`;
        throw new StorageError("invalid", sentence);
      }
      const drafts = fresh.map((row): EventDraft => ({
        kind: "judgement.import",
        task: row.task,
        body: { row },
      }));
      if (drafts.length > 0) await this.#writeAll(drafts, "Importing");
      return { added: fresh.length, present: rows.length - fresh.length };
    });
  }

  /** Calls `listener` after a change of the project here or elsewhere; read the rows again then. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends this store after its running writes; the connection stays open. */
  async close(): Promise<void> {
    await this.#tail.catch(() => undefined);
    this.#channel?.close();
    this.#listeners.clear();
  }

  #travel(direction: "undo" | "redo"): Promise<StoredEvent | null> {
    return this.#queued(async () => {
      const events = await this.#ownEvents();
      const target = undoStacks(events)[direction].at(-1);
      if (target === undefined) return null;
      const now = await this.#row(target.task);
      const then = rowAt(events, target, direction === "redo");
      const link = direction === "undo" ? { undoes: target.id } : { redoes: target.id };
      return this.#write(
        restoring(target.task, then, { ...follows(now), ...link }),
        direction === "undo" ? "Undoing" : "Redoing",
      );
    });
  }

  #queued<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work, work);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async #write(draft: EventDraft, doing: string): Promise<StoredEvent> {
    const [event] = await this.#writeAll([draft], doing);
    return event as StoredEvent;
  }

  async #writeAll(drafts: readonly EventDraft[], doing: string): Promise<StoredEvent[]> {
    const events = await this.#writer.write(drafts, doing);
    const keys = events.map(rowKey);
    const named = keys.length <= MOST_NAMED && !keys.includes(null);
    const rows = named ? keys.filter((key) => key !== null) : null;
    this.#channel?.postMessage({ project: this.project, rows } satisfies Message);
    this.#changed("here", rows);
    return events;
  }

  /** The current row of an annotator; later ids will be greater than its event's. */
  async #row(task: string, annotator = this.annotator): Promise<JudgementRow | undefined> {
    const row = await this.#connection.use("Reading this ranking", (db) =>
      db.get("judgements", [task, annotator]),
    );
    if (row !== undefined) this.#writer.ids.observe(row.event);
    return row;
  }

  async #ownEvents(): Promise<StoredEvent[]> {
    return (await this.events()).filter((event) => event.annotator === this.annotator);
  }

  #changed(...change: Parameters<ChangeListener>): void {
    for (const listener of this.#listeners) listener(...change);
  }
}

function rowName(row: JudgementRow): string {
  return JSON.stringify([row.task, row.annotator]);
}

/** Milliseconds since 1970 in a UUID version 7. */
function idTime(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
