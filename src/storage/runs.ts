// Runs of training as the page shows them again after a reload: configuration, curves, checkpoint.
import type { Connection } from "./database.ts";
import { plainCopy } from "./json.ts";

/** One run. `detail` is whatever the page needs to draw it again; JSON only. */
export interface RunRow {
  id: string;
  project: string;
  /** Milliseconds since 1970 when it started. */
  t: number;
  state: "running" | "finished" | "stopped" | "failed";
  detail: unknown;
}

/** Writes the run, replacing what was saved under its id; resolves when it is on disk. */
export async function saveRun(connection: Connection, run: RunRow): Promise<void> {
  const copy = plainCopy(run);
  await connection.use("Saving the run", async (db) => {
    const tx = db.transaction("runs", "readwrite", { durability: "strict" });
    await Promise.all([tx.store.put(copy), tx.done]);
  });
}

/** The runs of a project, oldest first. */
export function listRuns(connection: Connection, project: string): Promise<RunRow[]> {
  const range = IDBKeyRange.bound([project], [project, []]);
  return connection.use("Reading the runs", (db) => db.getAllFromIndex("runs", "time", range));
}
