// Checkpoints: whole or refused, older ones kept as promised, the last good one always there.
import "fake-indexeddb/auto";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  deleteCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  loadLatestCheckpoint,
  saveCheckpoint,
} from "../../src/storage/checkpoints.ts";
import type { Connection } from "../../src/storage/database.ts";
import { below, connect, generator } from "./helpers.ts";

afterEach(() => vi.restoreAllMocks());

const METADATA = { config: { layers: 2 }, random: [1, 2, 3], note: "café" };

function weights(value: number): Record<string, Float32Array> {
  return { "wte.weight": new Float32Array(100).fill(value), bias: Float32Array.of(value) };
}

function save(link: Connection, step: number, name?: string, keep?: number) {
  const options = { run: "r1", step, ...(name ? { name } : {}), ...(keep ? { keep } : {}) };
  return saveCheckpoint(link, { tensors: weights(step), metadata: METADATA }, options);
}

/** Changes the stored bytes of a checkpoint behind the back of the code. */
function damage(link: Connection, id: string, change: (bytes: Uint8Array) => Uint8Array) {
  return link.use("Test", async (db) => {
    const file = await db.get("files", id);
    await db.put("files", change(new Uint8Array(file!)).slice().buffer, id);
  });
}

describe("checkpoints", () => {
  it("come back bit for bit", async () => {
    const link = await connect();
    const row = await save(link, 5);
    const { tensors, metadata, row: stored } = await loadCheckpoint(link, row.id);
    expect(tensors).toEqual(weights(5));
    expect(metadata).toEqual(METADATA);
    expect(stored).toEqual({ ...row, status: "complete", step: 5, run: "r1" });
  });

  it("keep the newest three and the named ones", async () => {
    const link = await connect();
    await save(link, 0, "start");
    for (let step = 1; step <= 6; step++) await save(link, step);
    await save(link, 7, "liked");
    const rows = await listCheckpoints(link);
    expect(rows.map((row) => row.step)).toEqual([7, 6, 5, 4, 0]);
    expect(await listCheckpoints(link, "other")).toEqual([]);
    const files = await link.use("Test", (db) => db.count("files"));
    expect(files).toBe(5);
    await save(link, 8, undefined, 1);
    expect((await listCheckpoints(link)).map((row) => row.step)).toEqual([8, 7, 0]);
  });

  it("are refused in one sentence when damaged, and the one before is used", async () => {
    const link = await connect();
    await save(link, 1);
    const second = await save(link, 2);
    const third = await save(link, 3);
    await damage(link, third.id, (bytes) => bytes.with(300, bytes[300]! ^ 1));
    await link.use("Test", (db) => db.delete("files", second.id));
    await expect(loadCheckpoint(link, third.id)).rejects.toMatchObject({
      code: "corrupt",
      message:
        "Checkpoint r1 at step 3: its content does not match its checksum; it was not loaded.",
    });
    const { checkpoint, refused } = await loadLatestCheckpoint(link, "r1");
    expect(checkpoint?.row.step).toBe(1);
    expect(checkpoint?.tensors).toEqual(weights(1));
    expect(refused).toHaveLength(2);
    expect(refused[1]).toMatch(/step 2: its weights are missing/);
  });

  it("are never loaded after any of 300 random changes", async () => {
    const link = await connect();
    const row = await save(link, 1);
    const original = await link.use("Test", (db) => db.get("files", row.id));
    const random = generator(5);
    for (let n = 0; n < 300; n++) {
      await damage(link, row.id, () => {
        const bytes = new Uint8Array(original!).slice();
        const at = below(random, bytes.length);
        bytes[at] = bytes[at]! ^ (1 << below(random, 8));
        return n % 3 === 0 ? bytes.slice(0, at) : bytes;
      });
      await expect(loadCheckpoint(link, row.id)).rejects.toMatchObject({ code: "corrupt" });
    }
    expect((await loadLatestCheckpoint(link)).checkpoint).toBeNull();
  });

  it("are not listed or loaded when the page died while they were written", async () => {
    const link = await connect();
    const good = await save(link, 1);
    const cut = { ...good, id: `${good.id.slice(0, -1)}x`, status: "writing" as const };
    await link.use("Test", (db) => db.put("checkpoints", cut));
    expect(await listCheckpoints(link)).toEqual([good]);
    await expect(loadCheckpoint(link, cut.id)).rejects.toMatchObject({ code: "missing" });
    await link.use("Test", (db) => db.put("checkpoints", { ...cut, t: cut.t - 2 * 3600 * 1000 }));
    await save(link, 2);
    expect(await link.use("Test", (db) => db.get("checkpoints", cut.id))).toBeUndefined();
  });

  it("hold finite weights only", async () => {
    const link = await connect();
    await save(link, 1);
    const tensors = { w: Float32Array.of(1, NaN) };
    const saving = saveCheckpoint(link, { tensors, metadata: null }, { run: "r1", step: 2 });
    await expect(saving).rejects.toThrow(/tensor "w" holds NaN at index 1.*last good.*intact/);
    expect((await loadLatestCheckpoint(link)).checkpoint?.row.step).toBe(1);
  });

  it("leave nothing half-done when the disk is full", async () => {
    const link = await connect();
    await save(link, 1);
    const put = Reflect.get(IDBObjectStore.prototype, "put");
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (
      this: IDBObjectStore,
      value: unknown,
      key?: IDBValidKey,
    ) {
      const request = key === undefined ? put.call(this, value) : put.call(this, value, key);
      request.addEventListener("success", () => {
        const internals = this.transaction as unknown as { _abort(name: string): void };
        if (this.name === "files") internals._abort("QuotaExceededError");
      });
      return request;
    });
    await expect(save(link, 2)).rejects.toMatchObject({ code: "quota" });
    vi.restoreAllMocks();
    const counts = await link.use("Test", (db) =>
      Promise.all([db.count("files"), db.count("checkpoints")]),
    );
    expect(counts).toEqual([1, 1]);
  });

  it("can be deleted", async () => {
    const link = await connect();
    const { id } = await save(link, 1, "named");
    await deleteCheckpoint(link, id);
    expect(await listCheckpoints(link)).toEqual([]);
    expect(await loadLatestCheckpoint(link)).toEqual({ checkpoint: null, refused: [] });
  });
});
