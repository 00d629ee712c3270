// Everything that one project holds, read from the database when it is wanted.
import { collect } from "../../formats/records.ts";
import type { Collection, Imported, Ranking } from "../../formats/records.ts";
import { allRecords, newestRows, taskEvents } from "../../storage/collection.ts";
import type { Connection } from "../../storage/database.ts";
import { foldEvent } from "../../storage/events.ts";
import type { JudgementRow, StoredEvent } from "../../storage/events.ts";
import type { RecordRow } from "../../storage/projects.ts";
import type { Store } from "../../storage/store.ts";
import type { Here } from "./merge.ts";
import { wholeDemonstration, wholeRanking } from "./sets.ts";

/** One version of a judgement; a ranking of null: it was taken back then. */
export interface Revision {
  readonly id: string;
  readonly t: number;
  readonly ranking: Ranking | null;
}

export class Contents {
  readonly #connection: Connection;
  readonly #store: Store;

  constructor(connection: Connection, store: Store) {
    this.#connection = connection;
    this.#store = store;
  }

  /** Current judgements of everyone, oldest change first. */
  async rows(): Promise<JudgementRow[]> {
    return (await this.#store.rows()).filter(submitted);
  }

  /** The judgements that were made or changed last, newest first, and at most so many. */
  async newest(most: number): Promise<JudgementRow[]> {
    if (most < 1) return [];
    // what was taken back may be among them
    for (let asked = most; ; asked *= 2) {
      const rows = await this.#connection.use("Reading your rankings", (db) =>
        newestRows(db, this.#store.project, asked),
      );
      const found = rows.filter(submitted).slice(-most).reverse();
      if (found.length === most || rows.length < asked) return found;
    }
  }

  /** All records, with who brought them. */
  records(): Promise<RecordRow[]> {
    return allRecords(this.#connection, this.#store.project);
  }

  /** The whole history, in the order of its ids. */
  events(): Promise<StoredEvent[]> {
    return this.#store.events();
  }

  /** Everything that an export can hold. */
  async collection(): Promise<Collection> {
    const kept = (await this.records()).map(({ record }) => record as unknown as Imported);
    const made: Imported[] = [];
    for await (const part of this.#store.parts()) {
      for (const row of part.filter(submitted)) made.push(...recordsOf(row));
    }
    return collect([...kept, ...made]);
  }

  /** What merging needs to know of this project. */
  async forMerge(): Promise<Here> {
    const rows = await this.#store.rows();
    const made = rows.flatMap((row) => wholeDemonstration(row)?.id ?? []);
    const kept = (await this.records()).map(({ id }) => id);
    const versions = (await this.events()).flatMap((event) => foldEvent(undefined, event)?.event ?? []); // prettier-ignore
    return { rows, records: new Set([...kept, ...made]), versions: new Set(versions) };
  }

  /** Every version of one person's judgement of a set, oldest first. @throws Error with one sentence */
  async revisions({ task, annotator }: JudgementRow): Promise<Revision[]> {
    const events = await taskEvents(this.#connection, this.#store.project, task);
    const versions = new Map<string, Revision>();
    for (const event of events) {
      const row = foldEvent(undefined, event);
      if (row === null || row.annotator !== annotator) continue;
      const { event: id, t, decision } = row;
      versions.set(id, { id, t, ranking: decision === undefined ? null : wholeRanking(row) });
    }
    // a file may bring older versions than those that are here
    return [...versions.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}

/** The ranking of a row, and the better answer that came with it. */
export function recordsOf(row: JudgementRow): Imported[] {
  const all: (Imported | null)[] = [wholeRanking(row), wholeDemonstration(row)];
  return all.filter((record) => record !== null);
}

function submitted({ state }: JudgementRow): boolean {
  return state === "submitted";
}
