// Starts the journal's worker and gives storage its second copy; a worker that dies holds nothing up.
import { proxy, wrap } from "comlink";
import type { StoredEvent } from "../storage/events.ts";
import type { Comparison, Journal, JournalState, Missing } from "../storage/journal/journal.ts";
import type { JournalApi } from "./journal-job.ts";
import workerUrl from "./journal.worker.ts?worker&url";
import { trustedWorkerUrl } from "./trusted-url.ts";

/** "Saved" waits this long for the second copy, then says that it is behind. In milliseconds. */
const PATIENCE = 3000;

const PART = 100;

const SLOW: JournalState = {
  kind: "behind",
  sentence:
    "The second copy does not answer, so new judgements are in the database alone for now: export them.",
};

export class JournalClient implements Journal {
  readonly #api: JournalApi;
  readonly #worker: Worker;
  readonly #tell: (state: JournalState) => void;
  #failed: Promise<never>;

  /** @param tell called with the state after every change of it */
  constructor(tell: (state: JournalState) => void) {
    this.#tell = tell;
    this.#worker = new Worker(trustedWorkerUrl(workerUrl), { type: "module", name: "journal" });
    this.#failed = new Promise((_, reject) => {
      this.#worker.onerror = (event) => {
        const what = event.message === "" ? "its script did not load" : event.message;
        const sentence = `The second copy stopped (${what}), so judgements are in the database alone: export often.`;
        tell({ kind: "unavailable", sentence });
        reject(new Error(sentence));
      };
    });
    this.#failed.catch(() => undefined);
    this.#api = wrap<JournalApi>(this.#worker);
  }

  async append(events: readonly StoredEvent[]): Promise<void> {
    // A long import is handed over in parts, so that the page is not held up.
    for (let at = 0; at < events.length; at += PART) {
      await this.#appendPart(events.slice(at, at + PART));
    }
  }

  async #appendPart(events: readonly StoredEvent[]): Promise<void> {
    const written = Promise.race([this.#api.append(events), this.#failed]).then(
      this.#tell,
      () => undefined,
    );
    const late = new Promise<"late">((resolve) => setTimeout(resolve, PATIENCE, "late"));
    if ((await Promise.race([written, late])) === "late") this.#tell(SLOW);
  }

  compare(): Promise<Comparison | JournalState> {
    return Promise.race([this.#api.compare(), this.#failed]);
  }

  restore(onProgress: (events: number) => void): Promise<number> {
    return Promise.race([this.#api.restore(proxy(onProgress)), this.#failed]);
  }

  inspect(): Promise<Missing | null> {
    return Promise.race([this.#api.inspect(), this.#failed]);
  }

  read(): Promise<StoredEvent[]> {
    return Promise.race([this.#api.read(), this.#failed]);
  }

  /** Ends the worker after what it is writing. */
  async close(): Promise<void> {
    await Promise.race([this.#api.close(), this.#failed]).catch(() => undefined);
    this.#worker.terminate();
  }
}
