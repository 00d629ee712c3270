// A connection to the one IndexedDB database that survives what browsers do to connections.
import { deleteDB, openDB } from "idb";
import { asStorageError, errorName, StorageError } from "./errors.ts";
import type { Journal } from "./journal/journal.ts";
import { DATABASE_NAME, MIGRATIONS, SCHEMA_VERSION } from "./schema.ts";
import type { Database, Schema } from "./schema.ts";

/** Something that happened to an open or opening database; `sentence` can be shown as it is. */
export interface DatabaseNotice {
  kind: "blocked" | "outdated" | "reconnected" | "lost";
  sentence: string;
}

export interface ConnectionOptions {
  name?: string;
  /** Called for everything the person should know; never for ordinary work. */
  onNotice?: (notice: DatabaseNotice) => void;
  /** The second copy: a write is acknowledged when it is there too. */
  journal?: Journal;
  /** How long to wait for another tab that will not close its old version, in ms. */
  blockedTimeout?: number;
}

export type OpenOutcome =
  /** `lost` is a sentence when the browser says that it deleted a damaged database. */
  | { kind: "open"; connection: Connection; lost: string | null }
  | { kind: "newer" | "blocked" | "unavailable"; sentence: string };

const OUTDATED =
  "Nudge was updated in another tab, so this one stopped saving; what was saved is intact. " +
  "Reload this page.";
const NEWER =
  "A newer version of Nudge has opened your data, and this older one must not touch it; " +
  "nothing was changed. Reload this page.";
const ERASED =
  "Everything was erased in another tab, so nothing can be saved here any more. Reload this page.";
const BLOCKED =
  "Another tab holds an older version of your data open; nothing was changed. " +
  "Close the other Nudge tabs, then reload this page.";
const LOST =
  "The browser found its database damaged and deleted it; " +
  "what the second copy or your last exported file holds can be put back.";
const RECONNECTED = "The browser closed its database and Nudge opened it again; nothing was lost.";

/** Pauses before each new attempt after the connection was lost, in ms. */
const BACK_OFF = [0, 50, 250, 1000];

/** Opens (creating or upgrading) the database. Never rejects and never hangs: see OpenOutcome. */
export async function openDatabase(options: ConnectionOptions = {}): Promise<OpenOutcome> {
  const connection = new Connection(options);
  try {
    const lost = await connection.open();
    if (lost) options.onNotice?.({ kind: "lost", sentence: LOST });
    return { kind: "open", connection, lost: lost ? LOST : null };
  } catch (error) {
    connection.close();
    const { code, message } = asStorageError(error, "Opening your saved data");
    if (code === "outdated") return { kind: "newer", sentence: message };
    if (code === "conflict") return { kind: "blocked", sentence: message };
    return { kind: "unavailable", sentence: message };
  }
}

/**
 * Deletes the database and all that is in it; other tabs are told and close it.
 * @throws StorageError when one of them does not, or the browser refuses
 */
export async function deleteDatabase(name = DATABASE_NAME, timeout = 10_000): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const sentence =
      "Another tab holds the database open, so it was not deleted yet. Close the other Nudge tabs.";
    timer = setTimeout(() => reject(new StorageError("conflict", sentence)), timeout);
  });
  try {
    await Promise.race([deleteDB(name), late]);
  } catch (error) {
    throw asStorageError(error, "Deleting the database");
  } finally {
    clearTimeout(timer);
  }
}

/** A connection that reopens itself when the browser ends it, and gives way to newer versions. */
export class Connection {
  readonly name: string;
  #options: ConnectionOptions;
  #db: Database | null = null;
  #opening: Promise<boolean> | null = null;
  #ended: "closed" | "outdated" | "erased" | null = null;

  readonly journal: Journal | null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.journal = options.journal ?? null;
    this.name = options.name ?? DATABASE_NAME;
  }

  /** Resolves once open, with true when the browser reported that it had to delete the data. */
  open(): Promise<boolean> {
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  close(): void {
    this.#end("closed");
  }

  /**
   * Runs `work` on the open database; when the browser ends the connection meanwhile, reopens it and
   * runs `work` again, which must therefore be idempotent.
   * @param doing names the action with a capital, for the sentence of an error
   * @throws StorageError
   */
  async use<T>(doing: string, work: (db: Database) => Promise<T>): Promise<T> {
    let lastError: unknown;
    for (const [attempt, pause] of BACK_OFF.entries()) {
      if (this.#ended !== null) throw this.#endedError();
      let db: Database | null = null;
      try {
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
        if (this.#db === null) await this.open();
        db = this.#db;
        if (db === null) continue;
        const result = await work(db);
        if (attempt > 0) this.#notify("reconnected", RECONNECTED);
        return result;
      } catch (error) {
        if (!isLostConnection(error)) throw asStorageError(error, doing);
        lastError = error;
        if (this.#db === db) this.#drop();
      }
    }
    if (this.#ended !== null) throw this.#endedError();
    const sentence = `${doing}: the browser closed its database ${BACK_OFF.length} times in a row, so nothing was written; reload the page.`;
    throw new StorageError("connection", sentence, lastError);
  }

  async #connect(): Promise<boolean> {
    if (typeof indexedDB === "undefined") throw unavailable("it offers no IndexedDB");
    let lost = false;
    let expired = false;
    const request = openDB<Schema>(this.name, SCHEMA_VERSION, {
      upgrade: (db, from, _to, tx, event) => {
        lost = (event as IDBVersionChangeEvent & { dataLoss?: string }).dataLoss === "total";
        for (const migrate of MIGRATIONS.slice(from)) migrate(db, tx);
      },
      blocked: () => this.#notify("blocked", BLOCKED),
      blocking: (_from, to) => this.#giveWay(to === null),
      terminated: () => this.#drop(),
    });
    const limit = this.#options.blockedTimeout ?? 10_000;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        expired = true;
        reject(new StorageError("conflict", BLOCKED));
      }, limit);
    });
    // A database that opens after the caller was told otherwise must not hold others up.
    void request.then((db) => (expired ? db.close() : undefined)).catch(() => undefined);
    try {
      const db = await Promise.race([request, timeout]);
      if (this.#ended !== null) {
        db.close();
        throw this.#endedError();
      }
      this.#db = db;
      return lost;
    } catch (error) {
      if (error instanceof StorageError) throw error;
      if (errorName(error) === "VersionError") throw new StorageError("outdated", NEWER, error);
      throw unavailable(error instanceof Error ? error.message : String(error), error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A newer version wants to open, or all goes: finish what runs, write nothing more. */
  #giveWay(erased: boolean): void {
    this.#end(erased ? "erased" : "outdated");
    this.#notify("outdated", erased ? ERASED : OUTDATED);
  }

  #end(how: "closed" | "outdated" | "erased"): void {
    this.#ended ??= how;
    this.#drop();
  }

  #drop(): void {
    this.#db?.close();
    this.#db = null;
  }

  #endedError(): StorageError {
    if (this.#ended === "erased") return new StorageError("outdated", ERASED);
    if (this.#ended === "outdated") return new StorageError("outdated", OUTDATED);
    return new StorageError("closed", "Storage was closed, so nothing was written.");
  }

  #notify(kind: DatabaseNotice["kind"], sentence: string): void {
    this.#options.onNotice?.({ kind, sentence });
  }
}

/**
 * True for errors that mean "the connection is gone" rather than "the work is wrong": Chromium throws
 * InvalidStateError "connection is closing" (jakearchibald/idb#229), WebKit UnknownError "Connection
 * to Indexed Database server lost", and transactions that were running are aborted.
 */
function isLostConnection(error: unknown): boolean {
  const name = errorName(error);
  if (name === "UnknownError") return /connection|lost/i.test((error as Error).message);
  return name === "InvalidStateError" || name === "AbortError";
}

function unavailable(why: string, cause?: unknown): StorageError {
  const sentence = `This browser will not open a database for this page (${why}), so nothing can be saved here; export your rankings before you leave.`;
  return new StorageError("unavailable", sentence, cause);
}
