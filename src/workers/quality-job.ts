// The work of the quality worker: one report at a time, in slices, so that a message can stop it.
import type { Item } from "../formats/records.ts";
import { qualityReport } from "../quality/report.ts";
import type { QualityOptions, QualityProgress, QualityReport } from "../quality/report.ts";
import { selectNext } from "../quality/select.ts";
import { MOST_RANKINGS } from "../quality/select-options.ts";
import type { Selection, SelectOptions } from "../quality/select-options.ts";
import { newestRows } from "../storage/collection.ts";
import { openDatabase } from "../storage/database.ts";
import type { JudgementRow } from "../storage/events.ts";
import type { Database } from "../storage/schema.ts";

/** Where the rankings are: in this browser's database, so that no text passes the page, or here. */
export type QualitySource =
  { readonly project: string } | { readonly rows: readonly JudgementRow[] };

/** Page → worker. */
export interface QualityApi {
  /**
   * Computes a report. A second call ends the first, which then gives null, as after `cancel`.
   * Rejects with one sentence.
   */
  report(
    source: QualitySource,
    options: QualityOptions,
    onProgress: (progress: QualityProgress) => void,
  ): Promise<QualityReport | null>;
  cancel(): Promise<void>;
  /** Draws sets of a project out of those with these ids. Rejects with one sentence. */
  next(project: string, ids: readonly string[], options: SelectOptions): Promise<Selection>;
}

/** Milliseconds of work between two looks at the messages. */
const SLICE = 40;

export class QualityJob implements QualityApi {
  #newest = 0;

  async report(
    source: QualitySource,
    options: QualityOptions,
    onProgress: (progress: QualityProgress) => void,
  ): Promise<QualityReport | null> {
    const mine = ++this.#newest;
    const rows = "rows" in source ? source.rows : await storedRows(source.project);
    const steps = qualityReport(rows, options);
    let until = performance.now() + SLICE;
    while (mine === this.#newest) {
      const next = steps.next();
      if (next.done === true) return next.value;
      if (performance.now() < until) continue;
      onProgress(next.value);
      await new Promise((resolve) => setTimeout(resolve));
      until = performance.now() + SLICE;
    }
    return null;
  }

  async cancel(): Promise<void> {
    this.#newest++;
  }

  async next(project: string, ids: readonly string[], options: SelectOptions): Promise<Selection> {
    const { rows, items } = await stored(async (db) => ({
      rows: await newestRows(db, project, MOST_RANKINGS),
      items: await itemsOf(db, project, ids),
    }));
    return selectNext(rows, items, options);
  }
}

/** Records asked for at a time: the browser answers in turn, and a judgement that is saved meanwhile stands behind them. */
const RECORDS_AT_ONCE = 20;

async function itemsOf(db: Database, project: string, ids: readonly string[]): Promise<Item[]> {
  const items: Item[] = [];
  for (let first = 0; first < ids.length; first += RECORDS_AT_ONCE) {
    const { store } = db.transaction("records");
    const part = ids.slice(first, first + RECORDS_AT_ONCE);
    const rows = await Promise.all(part.map((id) => store.get([project, id])));
    for (const row of rows) if (row !== undefined) items.push(row.record as unknown as Item);
  }
  return items;
}

/** Rows of a project. @throws StorageError */
function storedRows(project: string): Promise<JudgementRow[]> {
  return stored((db) =>
    db.getAllFromIndex("judgements", "event", IDBKeyRange.bound([project], [project, []])),
  );
}

/** Reads past the page's store. @throws StorageError */
async function stored<T>(read: (db: Database) => Promise<T>): Promise<T> {
  const outcome = await openDatabase();
  if (outcome.kind !== "open") throw new Error(outcome.sentence);
  const { connection } = outcome;
  try {
    return await connection.use("Reading your rankings", read);
  } finally {
    connection.close();
  }
}
