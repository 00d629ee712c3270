// The second copy of every judgement: its state, what it has that the database lost, and putting it back.
import { deleteDatabase } from "../storage/database.ts";
import type { Connection } from "../storage/database.ts";
import type { StoredEvent } from "../storage/events.ts";
import type { Comparison, Journal, JournalState, Missing } from "../storage/journal/journal.ts";
import { JournalClient } from "../workers/journal-client.ts";
import { sentenceOf } from "./format.ts";

export type Recovery =
  | { readonly kind: "none" }
  /** `database` false: it cannot even be opened, and would be deleted first */
  | { readonly kind: "found"; readonly missing: Missing; readonly database: boolean }
  | { readonly kind: "restoring"; readonly done: number; readonly of: number }
  | { readonly kind: "restored"; readonly events: number }
  | { readonly kind: "failed"; readonly sentence: string };

const NONE: Recovery = { kind: "none" };
const NO_WORKER: JournalState = {
  kind: "unavailable",
  sentence: "This browser starts no workers, so judgements are in its database alone.",
};
/** An empty database waits this long to learn whether there is a second copy, in milliseconds. */
const PATIENCE = 10_000;
/** With this many events the comparison waits until the page is open, in milliseconds. */
const MANY = 5000;
const LATER = 4000;

export class SecondCopy implements Journal {
  state = $state.raw<JournalState>({ kind: "ready" });
  comparison = $state.raw<Comparison | null>(null);
  recovery = $state.raw<Recovery>(NONE);
  /** the person goes on without what could be put back */
  putOff = $state(false);
  /** why the last comparison failed, in one sentence */
  failure = $state("");
  /** a comparison runs */
  comparing = $state(false);
  #client: JournalClient | null = null;

  /** Starts the worker that writes; storage then waits for both copies. Never throws. */
  start(): void {
    const none = typeof Worker === "undefined";
    if (none) this.state = NO_WORKER;
    else this.#client = new JournalClient((state) => (this.state = state));
  }

  async append(events: readonly StoredEvent[]): Promise<void> {
    await this.#client?.append(events);
  }

  /**
   * Compares both copies. An empty database may be one that the browser deleted, so its caller waits;
   * otherwise the page goes on meanwhile. Never rejects.
   */
  async compare(connection: Connection): Promise<void> {
    const count = await connection.use("Opening your rankings", (db) => db.get("meta", "projection")); // prettier-ignore
    const events = count?.key === "projection" ? count.events : 0;
    if (events > 0) {
      setTimeout(() => void this.check(), events > MANY ? LATER : 0);
      return;
    }
    await Promise.race([this.check(), new Promise((done) => setTimeout(done, PATIENCE))]);
  }

  /** Compares both copies now. Never rejects. */
  async check(): Promise<void> {
    if (this.#client === null || this.comparing) return;
    this.comparing = true;
    try {
      const result = await this.#client.compare();
      if ("kind" in result) {
        this.state = result;
      } else {
        const { missing } = result;
        this.comparison = result;
        this.recovery = missing === null ? NONE : { kind: "found", missing, database: true };
      }
      this.failure = "";
    } catch (error) {
      this.failure = `The copies could not be compared: ${sentenceOf(error)}`;
    }
    this.comparing = false;
  }

  /** Looks for judgements when the database cannot be opened at all. Never rejects. */
  async inspect(): Promise<void> {
    try {
      const missing = (await this.#client?.inspect()) ?? null;
      if (missing !== null) this.recovery = { kind: "found", missing, database: false };
    } catch (error) {
      this.failure = sentenceOf(error);
    }
  }

  /** Puts back what the database lacks. Never rejects; the page must be loaded again afterwards. */
  async restore(): Promise<void> {
    const { recovery } = this;
    if (recovery.kind !== "found" || this.#client === null) return;
    const of = recovery.missing.events;
    this.recovery = { kind: "restoring", done: 0, of };
    try {
      if (!recovery.database) await deleteDatabase();
      const told = (done: number): void => void (this.recovery = { kind: "restoring", done, of });
      this.recovery = { kind: "restored", events: await this.#client.restore(told) };
    } catch (error) {
      const sentence = `${sentenceOf(error)} The second copy is as it was: save it as a file, then try again.`;
      this.recovery = { kind: "failed", sentence };
    }
  }

  /** Every event of the second copy. @throws Error with one sentence */
  async events(): Promise<StoredEvent[]> {
    return (await this.#client?.read()) ?? [];
  }

  /** Lets go of the files, before they are deleted. */
  async close(): Promise<void> {
    await this.#client?.close();
    this.#client = null;
  }
}
