// What this browser keeps: rankings, demonstrations and runs, and whether keeping them works.
import { openDatabase } from "../storage/database.ts";
import type { Connection } from "../storage/database.ts";
import type { JudgementRow } from "../storage/events.ts";
import type { Judgement } from "../storage/judgement.ts";
import { requestPersistence } from "../storage/persistence.ts";
import { listRuns, saveRun } from "../storage/runs.ts";
import type { RunRow } from "../storage/runs.ts";
import { Store } from "../storage/store.ts";
import { sentenceOf } from "./format.ts";
import { SecondCopy } from "./second-copy.svelte.ts";

const PROJECT = "play";

export type Ranked = JudgementRow & { judgement: Judgement };

export class Persisted {
  state = $state<"opening" | "open" | "unavailable">("opening");
  /** one sentence when something about storage should be known */
  notice = $state("");
  /** the open database, for the pages that keep more than rankings of the Play page */
  connection = $state.raw<Connection | null>(null);
  readonly copy = new SecondCopy();
  #store: Store | null = null;

  /** Opens the database. Never rejects; `changed` is called after a change in another tab. */
  async open(changed: () => void): Promise<void> {
    this.copy.start();
    const outcome = await openDatabase({
      journal: this.copy,
      onNotice: ({ sentence }) => (this.notice = sentence),
    });
    if (outcome.kind !== "open") {
      if (outcome.kind === "unavailable") await this.copy.inspect();
      this.state = "unavailable";
      this.notice = outcome.sentence;
      return;
    }
    try {
      this.#store = await Store.start(outcome.connection, { project: PROJECT });
      this.#store.onChange((where) => {
        if (where === "elsewhere") changed();
      });
      await this.copy.compare(outcome.connection);
      this.connection = outcome.connection;
      this.state = "open";
    } catch (error) {
      this.state = "unavailable";
      this.notice = sentenceOf(error);
    }
  }

  /** Submitted judgements, oldest change first; none when nothing can be stored. */
  async rankings(): Promise<Ranked[]> {
    return this.#store === null ? [] : this.#store.judgements();
  }

  /** Resolves when the judgement is on disk. @throws Error with one sentence; nothing was written */
  async judge(task: string, judgement: Judgement): Promise<void> {
    await this.#opened().judge(task, judgement);
    void requestPersistence();
  }

  async retract(task: string): Promise<void> {
    await this.#opened().retract(task);
  }

  async demonstrate(promptId: string, prompt: string, completion: string): Promise<void> {
    const task = `demonstration:${promptId}`;
    await this.#opened().append("demonstration.submit", task, { promptId, prompt, completion });
  }

  /** Examples that a person wrote for the model, the oldest first; `t` in milliseconds since 1970. */
  async demonstrations(): Promise<readonly { prompt: string; response: string; t: number }[]> {
    const events = (await this.#store?.events()) ?? [];
    return events.flatMap((event) => {
      if (event.kind !== "demonstration.submit") return [];
      const { prompt, completion: response } = event.body;
      return [{ prompt, response, t: event.t }];
    });
  }

  /** The last run, or null. */
  async lastRun(): Promise<RunRow | null> {
    if (this.connection === null) return null;
    const runs: readonly RunRow[] = await listRuns(this.connection, PROJECT);
    return runs.at(-1) ?? null;
  }

  async saveRun(run: Omit<RunRow, "project">): Promise<void> {
    if (this.connection !== null) await saveRun(this.connection, { ...run, project: PROJECT });
  }

  /** Lets go of both copies, before they are erased. */
  async close(): Promise<void> {
    await this.#store?.close();
    await this.copy.close();
    this.connection?.close();
    this.connection = null;
    this.#store = null;
  }

  #opened(): Store {
    if (this.#store === null) {
      throw new Error(
        this.notice || "Storage is still opening, so nothing was written; try again.",
      );
    }
    return this.#store;
  }
}
