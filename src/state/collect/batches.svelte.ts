// What came into a project in one go: imports and merges, listed, added whole, and taken back.
import { addDrafts, listBatches, removeDrafts } from "../../storage/collection.ts";
import type { Connection } from "../../storage/database.ts";
import type { EventDraft } from "../../storage/events.ts";
import { requestPersistence } from "../../storage/persistence.ts";
import type { Store } from "../../storage/store.ts";
import type { Announcer } from "../announcer.svelte.ts";
import { freshId } from "../fresh-id.ts";
import { sentenceOf } from "../format.ts";
import type { Taken } from "./intake.ts";
import { keyOf, mergedRows, revised, rowsBefore } from "./merge.ts";
import type { MergePlan } from "./merge.ts";
import type { ProjectFile } from "./project-file.ts";
import type { Project } from "./project.svelte.ts";
import { told } from "./told.ts";

/** An import as the page lists it. */
export interface Batch {
  readonly id: string;
  readonly source: string;
  readonly records: number;
  readonly decisions: number;
}

export class Batches {
  /** the newest first; null until they were read */
  list = $state.raw<readonly Batch[] | null>(null);
  readonly #project: Project;
  readonly #connection: Connection;
  readonly #store: Store;
  readonly #announcer: Announcer;

  constructor(
    project: Project,
    { connection, store, announcer }: { connection: Connection; store: Store; announcer: Announcer }, // prettier-ignore
  ) {
    this.#project = project;
    this.#connection = connection;
    this.#store = store;
    this.#announcer = announcer;
  }

  /** Lists the imports. Never rejects. */
  async read(): Promise<void> {
    const { id, queue, whole } = this.#project;
    try {
      await whole;
      const brought = await listBatches(this.#connection, id);
      const decisions = new Map(queue.ledger.batches);
      const list = brought.map((one): Batch => {
        const here = decisions.get(one.id) ?? 0;
        decisions.delete(one.id);
        return { ...one, decisions: here };
      });
      for (const [batch, n] of decisions) {
        list.push({ id: batch, source: "", records: 0, decisions: n });
      }
      this.list = list.sort((a, b) => (a.id < b.id ? 1 : -1));
    } catch (error) {
      this.#announcer.alert(sentenceOf(error));
    }
  }

  /**
   * Adds what a file or the person brought, all of it or nothing.
   * @param from settings and guidelines to take over as well
   * @throws Error with one sentence
   */
  async add(
    taken: Pick<Taken, "records" | "rows">,
    source: string,
    from?: Pick<ProjectFile, "settings" | "guidelines">,
  ): Promise<string> {
    const batch = freshId();
    const intake = { batch, source, records: taken.records, rows: taken.rows };
    const settings = from === undefined ? [] : this.#takeOver(from);
    await this.#store.appendAll(() => [...addDrafts(intake), ...settings], "Importing");
    await this.#settle(taken.rows.length > 0);
    return batch;
  }

  /** Adds a merge, all of it or nothing. @throws Error with one sentence */
  async merge(
    plan: MergePlan,
    choices: ReadonlyMap<number, number>,
    source: string,
  ): Promise<string> {
    const batch = freshId();
    await this.#store.appendAll((nextId, observe) => {
      // what settles a contradiction has to come after all versions of it, also those that were here
      const known = plan.conflicts.flatMap(({ versions }) => versions);
      for (const { event } of [...plan.rows, ...plan.versions, ...known]) observe(event);
      const rows = mergedRows(plan, choices, nextId);
      return addDrafts({ batch, source, records: plan.records, rows });
    }, "Merging");
    await this.#settle(true);
    return batch;
  }

  /** Takes an import back: what came with it leaves, decisions made here since stay. */
  async remove(batch: string): Promise<void> {
    const { judging, queue, asking } = this.#project;
    await told(this.#announcer, async () => {
      const rows = await this.#store.rows();
      const mine = rows.filter((row) => row.batch === batch);
      const before = rowsBefore(mine.length === 0 ? [] : await this.#store.events(), batch, mine);
      await this.#store.appendAll((nextId, observe) => {
        for (const { event } of mine) observe(event);
        return removeDrafts(batch, rows, nextId, (row, link) => {
          const then = before.get(keyOf(row));
          return then?.state === "submitted" ? revised(then, link) : null;
        });
      }, "Undoing the import");
      await this.#project.refresh();
      const { set } = judging;
      if (set !== null && !queue.agenda.has(set.item)) await asking.next();
      await this.read();
      return "The import was taken back. Judgements that you made on it stay.";
    });
  }

  async #settle(judgements: boolean): Promise<void> {
    const { judging, asking } = this.#project;
    void requestPersistence();
    await this.#project.refresh(judgements);
    if (judging.set === null) await asking.next();
    await this.read();
  }

  /** The events that take over settings, and the guidelines that are not in force here already. */
  #takeOver({ settings, guidelines }: Pick<ProjectFile, "settings" | "guidelines">): EventDraft[] {
    const { row, guideline } = this.#project;
    const here = row.guidelines.length;
    const texts = guidelines.filter(({ hash }) => hash !== guideline?.hash);
    return [
      { kind: "project.change", task: "", body: { settings } },
      ...texts.map((one, i): EventDraft => ({
        kind: "guideline.save",
        task: "",
        body: { ...one, version: here + i + 1 },
      })),
    ];
  }
}
