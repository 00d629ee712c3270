// One writer: gives events their place in its chain and commits them, one batch after the other.
import { commitEvents } from "./commit.ts";
import type { Connection } from "./database.ts";
import { EVENT_VERSION, seal } from "./events.ts";
import type { EventDraft, StoredEvent } from "./events.ts";
import { createIds } from "./ids.ts";
import type { IdSource } from "./ids.ts";
import { plainCopy } from "./json.ts";

/** Events hashed in one go, each of some kilobytes at 40 MB/s. */
const PAUSE_EVERY = 50;

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Who writes, and where the events belong. */
export interface Author {
  project: string;
  annotator: string;
}

/** The last event of a chain: the next one follows it. */
interface Head {
  writer: string;
  seq: number;
  hash: string;
}

/**
 * Appends to the chain of one tab life. Not queued: the caller awaits each `write` before the next.
 */
export class EventWriter {
  readonly ids: IdSource;
  /** One id per tab life; also the id of the first writer. */
  readonly session: string;
  #connection: Connection;
  #author: Author;
  #now: () => number;
  #head: Head;

  constructor(connection: Connection, author: Author, now: () => number) {
    this.#connection = connection;
    this.#author = author;
    this.#now = now;
    this.ids = createIds(now);
    this.#head = this.#newHead();
    this.session = this.#head.writer;
  }

  /**
   * Seals the drafts first, since hashing must not happen inside a transaction, commits them all or
   * none, then waits for the second copy.
   * @param doing names the action with a capital, for the sentence of an error
   * @throws StorageError
   */
  async write(drafts: readonly EventDraft[], doing: string): Promise<StoredEvent[]> {
    let head = this.#head;
    const events: StoredEvent[] = [];
    for (const draft of drafts) {
      // Hashing a long import would hold the page up.
      if (events.length % PAUSE_EVERY === PAUSE_EVERY - 1) await pause();
      const event = this.#seal(draft, head);
      head = { writer: head.writer, seq: head.seq + 1, hash: event.hash };
      events.push(event);
    }
    try {
      await this.#connection.use(doing, (db) => commitEvents(db, events));
    } catch (error) {
      // After a lost connection the events may be on disk all the same; a new writer cannot clash.
      this.#head = this.#newHead();
      throw error;
    }
    this.#head = head;
    await this.#connection.journal?.append(events);
    return events;
  }

  #seal(draft: EventDraft, { writer, seq, hash: prev }: Head): StoredEvent {
    const envelope = { writer, seq, id: this.ids.next(), v: EVENT_VERSION, t: this.#now() };
    return seal({
      ...envelope,
      ...this.#author,
      session: this.session,
      prev,
      ...plainCopy(draft),
    });
  }

  #newHead(): Head {
    return { writer: this.ids.next(), seq: 0, hash: "" };
  }
}
