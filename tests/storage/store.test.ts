// The promises of the store: saved means on disk, nothing saved is lost, rows follow from events.
import "fake-indexeddb/auto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { chainProblems } from "../../src/storage/events.ts";
import { Store } from "../../src/storage/store.ts";
import {
  below,
  connect,
  freshName,
  generator,
  judgement,
  openStore,
  randomJudgement,
} from "./helpers.ts";

afterEach(() => vi.restoreAllMocks());

describe("saving", () => {
  it("acknowledges only after a strict transaction over events, rows and counts completed", async () => {
    const { store } = await openStore();
    const order: string[] = [];
    const transaction = Reflect.get(IDBDatabase.prototype, "transaction");
    const opened = vi.spyOn(IDBDatabase.prototype, "transaction");
    opened.mockImplementation(function (this: IDBDatabase, ...scope) {
      const tx = transaction.apply(this, scope);
      if (scope[1] === "readwrite") tx.addEventListener("complete", () => order.push("complete"));
      return tx;
    });
    await store.judge("t1", judgement()).then(() => order.push("acknowledged"));
    expect(order).toEqual(["complete", "acknowledged"]);
    const writes = opened.mock.calls.filter(([, mode]) => mode === "readwrite");
    expect(writes[0]?.[0]).toEqual(["events", "judgements", "projects", "records", "meta"]);
    expect(writes[0]?.[2]).toEqual({ durability: "strict" });
    await store.close();
  });

  it("finds every acknowledged judgement after the page died without closing anything", async () => {
    const name = freshName();
    const { store } = await openStore(name);
    for (let i = 0; i < 5; i++) await store.judge(`t${i}`, judgement(`n${i}`));
    void store.judge("t5", judgement("in flight"));
    const { store: after } = await openStore(name);
    const rows = await after.judgements();
    const notes = rows.map((row) => row.judgement.note);
    expect(notes.slice(0, 5)).toEqual(["n0", "n1", "n2", "n3", "n4"]);
    expect(rows[0]?.judgement).toEqual(judgement("n0"));
    expect(chainProblems(await after.events())).toEqual([]);
    expect(after.annotator).toBe(store.annotator);
  });

  it("keeps the order of calls that were not awaited", async () => {
    const { store } = await openStore();
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.judge("t", judgement(`${i}`))));
    const rows = await store.judgements();
    expect(rows.map((row) => [row.judgement.note, row.revision])).toEqual([["19", 20]]);
    expect((await store.events()).map((event) => event.seq)).toEqual([...Array(20).keys()]);
  });

  it("refuses a judgement that breaks a rule, and saves nothing", async () => {
    const { store } = await openStore();
    const bad = { ...judgement(), ranks: [1, 5] };
    await expect(store.judge("t", bad)).rejects.toMatchObject({ code: "invalid" });
    expect(await store.events()).toEqual([]);
    await store.judge("t", judgement());
    expect(await store.judgements()).toHaveLength(1);
  });

  it("stores reactive state, which cannot be cloned as it is", async () => {
    const { store } = await openStore();
    const one = judgement();
    await store.judge("t", new Proxy({ ...one, ranks: new Proxy(one.ranks, {}) }, {}));
    expect((await store.judgements())[0]?.judgement).toEqual(one);
  });

  it("says in one sentence that the disk is full; the judgement can be saved again later", async () => {
    const { store } = await openStore();
    await store.judge("t1", judgement("before"));
    const add = vi.spyOn(IDBObjectStore.prototype, "add").mockImplementation(function (
      this: IDBObjectStore,
      value: unknown,
    ) {
      const request = this.put(value); // succeeds, as at a real quota; the commit is what fails
      request.addEventListener("success", () => {
        const internals = this.transaction as unknown as { _abort(name: string): void };
        internals._abort("QuotaExceededError");
      });
      return request;
    });
    const held = judgement("held by the caller");
    const saving = store.judge("t2", held);
    await expect(saving).rejects.toMatchObject({ code: "quota" });
    await expect(saving).rejects.toThrow(/^Saving this ranking: .*full.*\.$/);
    add.mockRestore();
    expect((await store.judgements()).map((row) => row.judgement.note)).toEqual(["before"]);
    await store.judge("t2", held);
    expect(await store.judgements()).toHaveLength(2);
    expect(chainProblems(await store.events())).toEqual([]);
  });
});

describe("history", () => {
  it("revises, retracts and skips by appending", async () => {
    const { store } = await openStore();
    await store.judge("t", judgement("one"));
    await store.judge("t", judgement("two"));
    await store.retract("t", "slipped");
    await store.judge("t", judgement("three"));
    await store.skip("u", "cannot judge");
    const kinds = (await store.events()).map((event) => event.kind);
    expect(kinds).toEqual([
      "judgement.submit",
      "judgement.revise",
      "judgement.retract",
      "judgement.submit",
      "task.skip",
    ]);
    const rows = await store.rows();
    expect(rows.map(({ task, state, revision }) => [task, state, revision])).toEqual([
      ["t", "submitted", 4],
      ["u", "skipped", 1],
    ]);
    await expect(store.retract("u")).rejects.toMatchObject({ code: "missing" });
  });

  it("undoes without limit and redoes, across a reload", async () => {
    const name = freshName();
    const { store } = await openStore(name);
    const note = async (s: Store) =>
      (await s.judgements()).map((row) => `${row.task}=${row.judgement.note}`);
    await store.judge("a", judgement("1"));
    await store.judge("a", judgement("2"));
    await store.judge("b", judgement("3"));
    await store.undo();
    expect(await note(store)).toEqual(["a=2"]);
    const { store: later } = await openStore(name);
    expect(await later.undoable()).toEqual({ undo: 2, redo: 1 });
    await later.undo();
    expect(await note(later)).toEqual(["a=1"]);
    await later.undo();
    expect(await note(later)).toEqual([]);
    expect(await later.undo()).toBeNull();
    await later.redo();
    await later.redo();
    expect(await note(later)).toEqual(["a=2"]);
    await later.redo();
    expect(await note(later)).toEqual(["a=2", "b=3"]);
    expect(await later.redo()).toBeNull();
    await later.undo();
    await later.judge("c", judgement("4"));
    expect(await later.undoable()).toEqual({ undo: 3, redo: 0 });
    expect(chainProblems(await later.events())).toEqual([]);
  });

  it("remembers the latest demonstration of a task", async () => {
    const { store } = await openStore();
    const one = { promptId: "p", prompt: "Hi", completion: "Hello." };
    await store.append("demonstration.submit", "d1", one);
    await store.append("demonstration.submit", "d1", { ...one, completion: "Hello there." });
    await store.append("demonstration.submit", "d2", one);
    await store.append("demonstration.retract", "d2", { promptId: "p" });
    expect(await store.demonstrations()).toEqual([
      { task: "d1", ...one, completion: "Hello there." },
    ]);
  });

  it("notices a changed, a missing and a foreign event", async () => {
    const { store } = await openStore();
    for (let i = 0; i < 4; i++) await store.judge(`t${i}`, judgement());
    const events = await store.events();
    expect(chainProblems(events.toReversed())).toEqual([]);
    const changed = events.map((e, i) => (i === 1 ? { ...e, t: e.t + 1 } : e));
    expect(chainProblems(changed)[0]).toMatch(/event 1: its content/);
    expect(chainProblems(events.filter((_, i) => i !== 2))[0]).toMatch(/event 2 before it/);
    const swapped = events.map((e, i) => (i === 3 ? { ...e, prev: "" } : e));
    expect(chainProblems(swapped)[0]).toMatch(/does not follow/);
  });
});

describe("projection", () => {
  it("equals a refold of the events after 300 random actions of two tabs", async () => {
    const name = freshName();
    const random = generator(7);
    const tabs = [(await openStore(name)).store, (await openStore(name)).store];
    for (let n = 0; n < 300; n++) {
      const tab = tabs[below(random, 2)]!;
      const task = `t${below(random, 12)}`;
      const action = random();
      if (action < 0.6) await tab.judge(task, randomJudgement(random));
      else if (action < 0.7) await tab.skip(task, "");
      else if (action < 0.9) await tab.undo();
      else await tab.redo();
    }
    const before = await tabs[0]!.rows();
    expect(before.length).toBeGreaterThan(5);
    const link = await connect({ name });
    await link.use("Test", async (db) => {
      const tx = db.transaction(["judgements", "meta"], "readwrite");
      await tx.objectStore("judgements").clear();
      await tx.objectStore("meta").delete("projection");
      await tx.done;
    });
    expect(await tabs[0]!.rows()).toEqual([]);
    const refolded = await Store.start(link);
    expect(await refolded.rows()).toEqual(before);
    expect(chainProblems(await refolded.events())).toEqual([]);
  });

  it("is rebuilt when it is behind, in batches, and left alone when it is not", async () => {
    const name = freshName();
    const { store, link } = await openStore(name);
    const rows = Array.from({ length: 2300 }, (_, i) => i);
    await store.judge("t", judgement("kept"));
    await link.use("Test", async (db) => {
      const [event] = await db.getAll("events");
      const tx = db.transaction(["events", "meta"], "readwrite");
      for (const seq of rows) {
        const id = `${event!.id.slice(0, -6)}${100_000 + seq}`;
        void tx
          .objectStore("events")
          .put({ ...event!, writer: "restored", seq, id, task: `r${seq}` });
      }
      void tx.objectStore("meta").put({ key: "projection", events: 2301, folded: 1, fold: 1 });
      await tx.done;
    });
    const { store: after } = await openStore(name);
    expect(await after.rows()).toHaveLength(2301);
    const clear = vi.spyOn(IDBObjectStore.prototype, "clear");
    await openStore(name);
    expect(clear).not.toHaveBeenCalled();
  });
});

describe("two tabs", () => {
  it("see the union, hear of each other, and never contend for a key", async () => {
    const name = freshName();
    const { store: a } = await openStore(name);
    const { store: b } = await openStore(name);
    const heard = new Promise<void>((resolve) => b.onChange(() => resolve()));
    await a.judge("first", judgement());
    await heard;
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 ? a : b).judge(`t${i}`, judgement(`${i}`))),
    );
    expect(await a.judgements()).toHaveLength(51);
    expect(await b.judgements()).toEqual(await a.judgements());
    expect(new Set((await a.events()).map((event) => event.id)).size).toBe(51);
    expect(chainProblems(await a.events())).toEqual([]);
    await Promise.all([a.close(), b.close()]);
  });

  it("agree on one annotator when they start at once", async () => {
    const name = freshName();
    const stores = await Promise.all([openStore(name), openStore(name), openStore(name)]);
    expect(new Set(stores.map(({ store }) => store.annotator)).size).toBe(1);
  });

  it("let the later change of one task win, whatever their clocks say", async () => {
    const name = freshName();
    const fast = await Store.start(await connect({ name }), { now: () => Date.now() + 1000_000 });
    const slow = await Store.start(await connect({ name }));
    await fast.judge("t", judgement("first"));
    await slow.judge("t", judgement("second"));
    expect((await fast.judgements()).map((row) => row.judgement.note)).toEqual(["second"]);
  });
});
