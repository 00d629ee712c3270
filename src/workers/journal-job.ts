// The work of the journal's worker: appending, comparing, putting back and reading the second copy.
import { openDatabase } from "../storage/database.ts";
import type { Connection } from "../storage/database.ts";
import type { StoredEvent } from "../storage/events.ts";
import { MissingCount, compareCopies, restoreFrom } from "../storage/journal/compare.ts";
import { eventOf } from "../storage/journal/frame.ts";
import type { Comparison, JournalState, Missing } from "../storage/journal/journal.ts";
import { mergeSmall, readSegments } from "../storage/journal/segments.ts";
import type { Directory } from "../storage/journal/segments.ts";
import { ANNOTATOR_KEY, JournalWriter, stateAfter } from "../storage/journal/writer.ts";

/** What the page asks of the worker; every method may reject with an Error of one sentence. */
export interface JournalApi {
  append(events: readonly StoredEvent[]): Promise<JournalState>;
  /**
   * Compares both copies; the page must have opened the database before. The state, when there is no
   * place for a second copy.
   */
  compare(): Promise<Comparison | JournalState>;
  restore(onProgress: (events: number) => void): Promise<number>;
  /** What the journal holds, without a database; null for nothing. */
  inspect(): Promise<Missing | null>;
  /** Every event of the journal, each once, in the order of the files. */
  read(): Promise<StoredEvent[]>;
  /** Ends the file and lets go of the database, so that both can be deleted. */
  close(): Promise<void>;
}

export class JournalJob implements JournalApi {
  readonly #directory: () => Promise<Directory>;
  readonly #database: string | undefined;
  readonly #writer: JournalWriter;
  #connection: Connection | null = null;

  constructor(directory: () => Promise<Directory>, database?: string) {
    this.#directory = directory;
    this.#database = database;
    this.#writer = new JournalWriter(directory);
  }

  append(events: readonly StoredEvent[]): Promise<JournalState> {
    return this.#writer.append(events);
  }

  async compare(): Promise<Comparison | JournalState> {
    let directory: Directory;
    try {
      directory = await this.#directory();
    } catch (error) {
      return stateAfter(error);
    }
    const result = await compareCopies(await this.#open(), directory, this.#writer);
    await mergeSmall(directory);
    return result;
  }

  async restore(onProgress: (events: number) => void): Promise<number> {
    return restoreFrom(await this.#open(), await this.#directory(), onProgress);
  }

  async inspect(): Promise<Missing | null> {
    const count = new MissingCount();
    count.add(await this.read());
    return count.result();
  }

  async read(): Promise<StoredEvent[]> {
    const events = new Map<string, StoredEvent>();
    await readSegments(await this.#directory(), (records) => {
      for (const record of records) {
        const event = record.key === ANNOTATOR_KEY ? null : eventOf(record);
        if (event !== null) events.set(record.key, event);
      }
    });
    return [...events.values()];
  }

  async close(): Promise<void> {
    await this.#writer.close();
    this.#connection?.close();
    this.#connection = null;
  }

  async #open(): Promise<Connection> {
    if (this.#connection !== null) return this.#connection;
    const name = this.#database === undefined ? {} : { name: this.#database };
    const outcome = await openDatabase(name);
    if (outcome.kind !== "open") throw new Error(outcome.sentence);
    this.#connection = outcome.connection;
    return this.#connection;
  }
}
