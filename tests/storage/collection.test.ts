// Reading a project in parts: keys, the newest rows, and imports, from thousands of rows.
import "fake-indexeddb/auto";
import { beforeAll, expect, test } from "vitest";
import { listBatches, newestRows, submittedBy } from "../../src/storage/collection.ts";
import type { Connection } from "../../src/storage/database.ts";
import type { JudgementRow } from "../../src/storage/events.ts";
import { connect } from "./helpers.ts";

const N = 2100;
let link: Connection;
const rowOf = (i: number, project: string): JudgementRow => ({
  event: String(i).padStart(6, "0"),
  project,
  task: `${project}:i${i % 700}`,
  annotator: `a${Math.floor(i / 700)}`,
  session: "s",
  t: i,
  revision: 1,
  supersedes: "",
  state: i % 100 === 7 ? "retracted" : i % 100 === 8 ? "skipped" : "submitted",
  judgement: null,
  reason: "",
});

beforeAll(async () => {
  link = await connect();
  await link.use("Test", async (db) => {
    const tx = db.transaction(["judgements", "records"], "readwrite");
    for (let i = 0; i < N; i++) void tx.objectStore("judgements").put(rowOf(i, "p"));
    for (const other of ["o", "pp"]) void tx.objectStore("judgements").put(rowOf(1, other));
    const batches = [["p", "b2", 3], ["p", "b1", 1], ["q", "b3", 2]] as const; // prettier-ignore
    for (const [project, batch, n] of batches) {
      for (let i = 0; i < n; i++) {
        const record = { schema: "prefs.item", id: `${batch}-${i}` };
        const at = `${batch}.${i}`;
        void tx.objectStore("records").put({ project, id: record.id, batch, source: `${batch}.jsonl`, at, schema: record.schema, record }); // prettier-ignore
      }
    }
    await tx.done;
  });
});

test("keys come in parts, each once, without what was taken back or skipped, and of this project alone", async () => {
  const parts: number[] = [];
  const keys = new Set<string>();
  await submittedBy(link, "p", (part) => {
    parts.push(part.length);
    for (const key of part) keys.add(key.join(" "));
  });
  expect(parts.length).toBe(2);
  expect(keys.size).toBe(parts.reduce((sum, n) => sum + n, 0));
  expect(keys.size).toBe(N - 2 * (N / 100));
});

test("the newest rows are the last by their events, oldest first", async () => {
  const events = (most: number) =>
    link.use("Test", async (db) => (await newestRows(db, "p", most)).map(({ event }) => Number(event))); // prettier-ignore
  expect(await events(3)).toEqual([N - 3, N - 2, N - 1]);
  expect(await events(1)).toEqual([N - 1]);
  const few = (project: string) => link.use("Test", (db) => newestRows(db, project, 5));
  expect([await few("o"), await few("nowhere")]).toMatchObject([[{ project: "o" }], []]);
});

test("imports are listed with their file and their number of records", async () => {
  expect(await listBatches(link, "p")).toEqual([
    { id: "b1", source: "b1.jsonl", records: 1 },
    { id: "b2", source: "b2.jsonl", records: 3 },
  ]);
});
