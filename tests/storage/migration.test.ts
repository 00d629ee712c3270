// Data of every released schema opens in this version, readable and complete.
import "fake-indexeddb/auto";
import { openDB } from "idb";
import { expect, it } from "vitest";
import { listProjects, countsOf } from "../../src/storage/collection.ts";
import { chainProblems } from "../../src/storage/events.ts";
import { SCHEMA_VERSION } from "../../src/storage/schema.ts";
import { Store } from "../../src/storage/store.ts";
import dump from "../fixtures/storage/schema-1.json" with { type: "json" };
import { connect, freshName, judgement } from "./helpers.ts";

/** The stores and indexes of schema 1, written down here because its migration may not be run alone. */
async function schema1(name: string): Promise<void> {
  const db = await openDB(name, 1, {
    upgrade(db) {
      db.createObjectStore("meta", { keyPath: "key" });
      const events = db.createObjectStore("events", { keyPath: ["writer", "seq"] });
      events.createIndex("task", "task");
      events.createIndex("id", ["project", "id"]);
      events.createIndex("kind", "kind");
      const judgements = db.createObjectStore("judgements", { keyPath: ["task", "annotator"] });
      judgements.createIndex("event", ["project", "event"]);
      db.createObjectStore("runs", { keyPath: "id" }).createIndex("time", ["project", "t"]);
      db.createObjectStore("checkpoints", { keyPath: "id" }).createIndex("run", "run");
      db.createObjectStore("files");
    },
  });
  const tx = db.transaction(["meta", "events", "judgements"], "readwrite");
  for (const store of ["meta", "events", "judgements"] as const) {
    for (const row of dump[store]) void tx.objectStore(store).put(row);
  }
  await tx.done;
  db.close();
}

it("schema 1: events, rankings and history are there, and writing goes on in both pages", async () => {
  const name = freshName();
  await schema1(name);
  const link = await connect({ name });
  expect(await link.use("Test", async (db) => db.version)).toBe(SCHEMA_VERSION);
  const store = await Store.start(link);
  const byEvent = dump.judgements.toSorted((a, b) => (a.event < b.event ? -1 : 1));
  expect(await store.rows()).toEqual(byEvent);
  expect(chainProblems(await store.events())).toEqual([]);
  expect(await listProjects(link)).toEqual([]);
  // Rows written before the index existed are in it too.
  const submitted = dump.judgements.filter(({ state }) => state === "submitted");
  expect((await countsOf(link, "play")).judgements).toBe(submitted.length);
  await store.judge("t9", judgement());
  await store.append("project.create", "", { name: "New" });
  expect((await listProjects(link)).map((row) => row.name)).toEqual(["New"]);
  await store.close();
});

it("projects and records follow from the events alone", async () => {
  const name = freshName();
  const link = await connect({ name });
  const store = await Store.start(link, { project: "p1" });
  await store.append("project.create", "", { name: "One" });
  await store.append("project.change", "", { archived: true });
  const record = (id: string) => ({ schema: "prefs.prompt", id });
  await store.append("records.add", "", { batch: "b1", source: "f", records: [record("a")] });
  await store.append("records.add", "", { batch: "b2", source: "g", records: [record("b")] });
  await store.append("records.remove", "", { batch: "b1" });
  const all = (): Promise<unknown[]> =>
    link.use("Test", async (db) => [await db.getAll("projects"), await db.getAll("records")]);
  const before = await all();
  await link.use("Test", async (db) => {
    await db.clear("projects");
    await db.clear("records");
    await db.put("meta", { key: "projection", events: 5, folded: 0, fold: 1 });
  });
  await Store.start(link, { project: "p1" });
  expect(await all()).toEqual(before);
  expect(before[1]).toMatchObject([{ id: "b", batch: "b2", source: "g" }]);
});
