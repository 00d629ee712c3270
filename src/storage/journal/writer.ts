// Appends events to this tab's journal file; what does not fit waits in memory for the next attempt.
import { errorName } from "../errors.ts";
import type { StoredEvent } from "../events.ts";
import { eventFrame, frame } from "./frame.ts";
import type { JournalState } from "./journal.ts";
import { Segment } from "./segments.ts";
import type { Directory } from "./segments.ts";

/** Events kept for the next attempt; more are found again when both copies are compared. */
const WAITING_LIMIT = 5000;

const FULL =
  "This browser has no room for the second copy, so new judgements are in the database alone: " +
  "export them, then free some space.";

/** Key of the record that names this browser's own pseudonym. */
export const ANNOTATOR_KEY = "meta annotator";

export class JournalWriter {
  state: JournalState = { kind: "ready" };
  readonly #directory: () => Promise<Directory>;
  #segment: Segment | null = null;
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #tail: Promise<unknown> = Promise.resolve();
  #annotator = "";
  #named = "";

  /** @param directory opens the folder of the journal; called before each new file */
  constructor(directory: () => Promise<Directory>) {
    this.#directory = directory;
  }

  /** Resolves when the events are flushed or wait; appends are done in the order of the calls. */
  append(events: readonly StoredEvent[]): Promise<JournalState> {
    this.#waiting.push(...events.map(eventFrame));
    return this.#queued();
  }

  /** Writes this browser's pseudonym beside the events, now or with the first of them. */
  name(annotator: string): Promise<JournalState> {
    this.#annotator = annotator;
    return this.#segment === null ? Promise.resolve(this.state) : this.#queued();
  }

  /** Ends the file; the next event begins another. */
  async close(): Promise<void> {
    await this.#tail;
    this.#segment?.close();
    this.#segment = null;
  }

  #queued(): Promise<JournalState> {
    const result = this.#tail.then(() => this.#flush());
    this.#tail = result;
    return result;
  }

  async #flush(): Promise<JournalState> {
    try {
      if (this.#segment?.full === true) {
        this.#segment.close();
        this.#segment = null;
      }
      this.#segment ??= await Segment.create(await this.#directory());
      const frames = this.#waiting;
      this.#waiting = [];
      const names = this.#annotator !== this.#named ? [this.#nameFrame()] : [];
      this.#append([...names, ...frames]);
      this.#named = this.#annotator;
      this.state = { kind: "whole" };
    } catch (error) {
      this.state = stateAfter(error);
    }
    return this.state;
  }

  #append(frames: Uint8Array<ArrayBuffer>[]): void {
    if (frames.length === 0) return;
    try {
      this.#segment?.append(frames);
    } catch (error) {
      this.#waiting = [...frames, ...this.#waiting].slice(0, WAITING_LIMIT);
      throw error;
    }
  }

  #nameFrame(): Uint8Array<ArrayBuffer> {
    return frame(ANNOTATOR_KEY, JSON.stringify({ id: this.#annotator }));
  }
}

/** What it means for the journal that something was thrown. */
export function stateAfter(error: unknown): JournalState {
  if (errorName(error) === "QuotaExceededError") return { kind: "behind", sentence: FULL };
  const why = error instanceof Error ? error.message : String(error);
  const sentence = `This browser offers no second place to write to (${why}), so judgements are in its database alone: export often.`;
  return { kind: "unavailable", sentence };
}
