// Opening, upgrading and losing the database: every outcome typed, said in a sentence, never a hang.
import "fake-indexeddb/auto";
import { forceCloseDatabase } from "fake-indexeddb";
import { openDB, unwrap } from "idb";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openDatabase } from "../../src/storage/database.ts";
import type { Connection, DatabaseNotice } from "../../src/storage/database.ts";
import { persisted, requestPersistence } from "../../src/storage/persistence.ts";
import { listRuns, saveRun } from "../../src/storage/runs.ts";
import { SCHEMA_VERSION } from "../../src/storage/schema.ts";
import { Store } from "../../src/storage/store.ts";
import { connect, freshName, judgement } from "./helpers.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Ends the open connection, as a browser does when its storage process dies. */
function forceClose(link: Connection): Promise<void> {
  return link.use("Test", (db) => {
    forceCloseDatabase(unwrap(db) as never);
    return Promise.resolve();
  });
}

describe("opening", () => {
  it("says that a newer version owns the data, and changes nothing", async () => {
    const name = freshName();
    (await openDB(name, SCHEMA_VERSION + 1)).close();
    const outcome = await openDatabase({ name });
    expect(outcome).toMatchObject({ kind: "newer" });
    expect(outcome.kind === "newer" && outcome.sentence).toMatch(/newer version.*Reload/);
  });

  it("gives way to a newer version: finishes what runs, then refuses to write", async () => {
    const name = freshName();
    const notices: DatabaseNotice[] = [];
    const link = await connect({ name, onNotice: (notice) => notices.push(notice) });
    const store = await Store.start(link);
    const running = store.judge("t", judgement());
    const newer = await openDB(name, SCHEMA_VERSION + 1);
    await Promise.allSettled([running]);
    await expect(store.judge("u", judgement())).rejects.toMatchObject({ code: "outdated" });
    expect(notices.map((notice) => notice.kind)).toEqual(["outdated"]);
    newer.close();
  });

  it("reports a tab that holds an old version, and gives up instead of hanging", async () => {
    const name = freshName();
    const old = await openDB(name, SCHEMA_VERSION); // has no `blocking` handler
    const real = indexedDB.open.bind(indexedDB);
    vi.spyOn(indexedDB, "open").mockImplementation((n) => real(n, SCHEMA_VERSION + 1));
    const notices: DatabaseNotice[] = [];
    const outcome = await openDatabase({
      name,
      blockedTimeout: 50,
      onNotice: (notice) => notices.push(notice),
    });
    expect(outcome).toMatchObject({ kind: "blocked" });
    expect(notices.map((notice) => notice.kind)).toEqual(["blocked"]);
    old.close();
  });

  it("says when there is no IndexedDB and when it refuses", async () => {
    vi.spyOn(indexedDB, "open").mockImplementation(() => {
      throw new DOMException("The operation is insecure.", "SecurityError");
    });
    expect(await openDatabase()).toMatchObject({ kind: "unavailable" });
    vi.stubGlobal("indexedDB", undefined);
    const outcome = await openDatabase();
    expect(outcome.kind === "unavailable" && outcome.sentence).toMatch(/offers no IndexedDB/);
  });

  it("passes on that the browser deleted a damaged database", async () => {
    const real = indexedDB.open.bind(indexedDB);
    vi.spyOn(indexedDB, "open").mockImplementation((name, version) => {
      const request = real(name, version);
      request.addEventListener("upgradeneeded", (event) =>
        Object.assign(event, { dataLoss: "total" }),
      );
      return request;
    });
    const notices: DatabaseNotice[] = [];
    const outcome = await openDatabase({ name: freshName(), onNotice: (n) => notices.push(n) });
    expect(outcome.kind === "open" && outcome.lost).toMatch(/damaged/);
    expect(notices.map((notice) => notice.kind)).toEqual(["lost"]);
  });
});

describe("a lost connection", () => {
  it("is opened again, and the write is done once", async () => {
    const name = freshName();
    const notices: DatabaseNotice[] = [];
    const link = await connect({ name, onNotice: (notice) => notices.push(notice) });
    const store = await Store.start(link);
    await store.judge("t1", judgement());
    await forceClose(link);
    await store.judge("t2", judgement());
    expect(await store.judgements()).toHaveLength(2);
  });

  it("replays a write whose acknowledgement was lost without doubling it", async () => {
    const name = freshName();
    const notices: DatabaseNotice[] = [];
    const link = await connect({ name, onNotice: (notice) => notices.push(notice) });
    const store = await Store.start(link);
    const use = link.use.bind(link);
    let failures = 0;
    vi.spyOn(link, "use").mockImplementation((doing, work) =>
      use(doing, async (db) => {
        const result = await work(db);
        if (doing === "Saving this ranking" && failures++ === 0) {
          throw new DOMException("The database connection is closing.", "InvalidStateError");
        }
        return result;
      }),
    );
    await store.judge("t", judgement());
    expect(failures).toBe(2);
    expect(await store.events()).toHaveLength(1);
    expect(notices.map((notice) => notice.kind)).toEqual(["reconnected"]);
  });

  it("is reported after four attempts, and the store can write again afterwards", async () => {
    const link = await connect();
    const store = await Store.start(link);
    const broken = vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(() => {
      throw new DOMException("The database connection is closing.", "InvalidStateError");
    });
    await expect(store.judge("t", judgement())).rejects.toMatchObject({ code: "connection" });
    broken.mockRestore();
    await store.judge("t", judgement());
    expect(await store.judgements()).toHaveLength(1);
  });

  it("is not reopened once the caller closed it", async () => {
    const link = await connect();
    link.close();
    await expect(Store.start(link)).rejects.toMatchObject({ code: "closed" });
  });
});

describe("runs and persistence", () => {
  it("gives runs back in the order they started", async () => {
    const link = await connect();
    const run = { project: "play", state: "running" as const, detail: { curve: [1, 2] } };
    await saveRun(link, { ...run, id: "b", t: 2 });
    await saveRun(link, { ...run, id: "a", t: 3 });
    await saveRun(link, { ...run, id: "c", t: 1, project: "other" });
    await saveRun(link, { ...run, id: "b", t: 2, state: "finished" });
    const runs = await listRuns(link, "play");
    expect(runs.map(({ id, state }) => [id, state])).toEqual([
      ["b", "finished"],
      ["a", "running"],
    ]);
  });

  it("says what the browser promises", async () => {
    vi.stubGlobal("navigator", {});
    expect(await persisted()).toBe("unknown");
    vi.stubGlobal("navigator", {
      storage: { persisted: () => Promise.resolve(false), persist: () => Promise.resolve(true) },
    });
    expect(await persisted()).toBe("best-effort");
    expect(await requestPersistence()).toBe("persistent");
    vi.stubGlobal("navigator", { storage: { persisted: () => Promise.reject(new Error("no")) } });
    expect(await persisted()).toBe("unknown");
  });
});
