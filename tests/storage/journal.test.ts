// The second copy: framing, damage of every kind, a full disk, merging, and putting events back.
import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import { deleteDatabase } from "../../src/storage/database.ts";
import type { Connection } from "../../src/storage/database.ts";
import { chainProblems } from "../../src/storage/events.ts";
import type { StoredEvent } from "../../src/storage/events.ts";
import { crc32, eventFrame, eventOf, frame, scan } from "../../src/storage/journal/frame.ts";
import type { Comparison, Journal } from "../../src/storage/journal/journal.ts";
import { SEGMENT_BYTES, mergeSmall, segmentsOf } from "../../src/storage/journal/segments.ts";
import { JournalWriter } from "../../src/storage/journal/writer.ts";
import { Store } from "../../src/storage/store.ts";
import { JournalJob } from "../../src/workers/journal-job.ts";
import { FakeFolder } from "./fake-folder.ts";
import { below, connect, freshName, generator, judgement, randomJudgement } from "./helpers.ts";

const encoder = new TextEncoder();

/** What storage sees of a worker's job. */
function journalOf(job: JournalJob): Journal {
  return {
    append: async (events) => {
      await job.append(events);
    },
  };
}

async function compared(job: JournalJob): Promise<Comparison> {
  const result = await job.compare();
  if ("kind" in result) throw new Error(result.kind);
  return result;
}

/** A browser: a database, a folder, and the worker's job between them. */
class Profile {
  readonly name = freshName();
  readonly folder = new FakeFolder();
  job = this.#job();
  link: Connection | null = null;

  #job(): JournalJob {
    return new JournalJob(() => Promise.resolve(this.folder), this.name);
  }

  async open(project = "play"): Promise<Store> {
    const journal = journalOf(this.job);
    this.link = await connect({ name: this.name, journal });
    return Store.start(this.link, { project });
  }

  /** The page is gone, as after a kill; nothing is closed in order. */
  leave(): void {
    this.link?.close();
    this.folder.kill();
    void this.job.close();
    this.job = this.#job();
  }

  async eraseDatabase(): Promise<void> {
    await this.job.close();
    this.leave();
    await deleteDatabase(this.name);
  }

  /** The first file of the journal, oldest first. */
  async file(at = 0): Promise<string> {
    return (await segmentsOf(this.folder))[at]?.name ?? "";
  }
}

async function judged(store: Store, from: number, to: number): Promise<void> {
  const random = generator(from);
  for (let i = from; i < to; i++) await store.judge(`task-${i}`, randomJudgement(random));
}

describe("framing", () => {
  it("has the checksum that zip has", () => {
    expect(crc32(encoder.encode("123456789"))).toBe(0xcbf43926);
  });

  it("gives back what was framed, whatever the text", () => {
    const frames = ["", "a", 'x\n"\u2028', "🐸".repeat(1000)].map((text, i) =>
      frame(`w ${i}`, JSON.stringify(text)),
    );
    const { records, damaged, torn } = scan(joined(frames));
    expect(records.map(({ key }) => key)).toEqual(["w 0", "w 1", "w 2", "w 3"]);
    expect(JSON.parse(new TextDecoder().decode(records[2]?.json))).toBe('x\n"\u2028');
    expect([damaged, torn]).toEqual([0, 0]);
  });

  it("cut off anywhere, every whole record before the cut is read and the rest is called torn", () => {
    const frames = [0, 1, 2].map((i) => frame(`w ${i}`, `"${"x".repeat(10 * i)}"`));
    const all = joined(frames);
    const ends = [0, 1, 2].map((n) => joined(frames.slice(0, n + 1)).length);
    for (let cut = 0; cut <= all.length; cut++) {
      const { records, damaged, torn } = scan(all.subarray(0, cut));
      const whole = ends.filter((end) => end <= cut).length;
      expect([records.length, damaged]).toEqual([whole, 0]);
      expect(torn).toBe(cut - (ends[whole - 1] ?? 0));
    }
  });

  it("with any one byte changed, every other record is still read", () => {
    const random = generator(7);
    const frames = Array.from({ length: 20 }, (_, i) => frame(`w ${i}`, `"${"x".repeat(i)}"`));
    for (let round = 0; round < 500; round++) {
      const all = joined(frames);
      const at = below(random, all.length);
      all[at]! ^= 1 + below(random, 255);
      const { records, damaged, torn } = scan(all);
      expect(records).toHaveLength(19);
      expect(damaged + (torn > 0 ? 1 : 0)).toBe(1);
    }
  });
});

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

describe("writing", () => {
  it("is acknowledged when the event is flushed: the file holds what the database holds", async () => {
    const profile = new Profile();
    const store = await profile.open();
    expect(profile.folder.files.size).toBe(0); // a visitor who saves nothing leaves no file
    await store.judge("t", judgement("héllo"));
    expect(profile.folder.flushes).toBeGreaterThan(0);
    const { records } = scan(profile.folder.files.get(await profile.file()) ?? new Uint8Array());
    expect(records.map(eventOf)).toEqual(await store.events());
  });

  it("keeps what does not fit for the next attempt, and half a record nowhere", async () => {
    const folder = new FakeFolder();
    const writer = new JournalWriter(() => Promise.resolve(folder));
    const event = (seq: number): StoredEvent =>
      ({ writer: "w", seq, id: `id${seq}`, kind: "run.end" }) as StoredEvent;
    expect((await writer.append([event(0)])).kind).toBe("whole");
    folder.room = folder.size + eventFrame(event(1)).length;
    const full = await writer.append([event(1), event(2)]);
    expect(full).toMatchObject({ kind: "behind" });
    expect(full.kind === "behind" && full.sentence).toMatch(/no room for the second copy/);
    expect(scan([...folder.files.values()][0] ?? new Uint8Array()).records).toHaveLength(1);
    folder.room = Infinity;
    expect((await writer.append([event(3)])).kind).toBe("whole");
    const { records } = scan([...folder.files.values()][0] ?? new Uint8Array());
    expect(records.map(({ key }) => key)).toEqual(["w 0", "w 1", "w 2", "w 3"]);
  });

  it("says so where there is no file system, and the judgement is saved all the same", async () => {
    const job = new JournalJob(() => Promise.reject(new DOMException("denied", "SecurityError")));
    const journal = journalOf(job);
    const store = await Store.start(await connect({ journal }));
    const event = await store.judge("t", judgement());
    expect(await store.rows()).toMatchObject([{ event: event.id }]);
    const state = await job.append([]);
    expect(state).toMatchObject({ kind: "unavailable" });
    expect(state.kind === "unavailable" && state.sentence).toMatch(/no second place.*denied/);
    expect(await job.compare()).toEqual(state);
  });

  it("begins another file when one is full", async () => {
    const folder = new FakeFolder();
    const writer = new JournalWriter(() => Promise.resolve(folder));
    const text = "x".repeat(SEGMENT_BYTES);
    const event = { writer: "w", seq: 0, id: "i", kind: "run.end", body: text } as unknown;
    await writer.append([event as StoredEvent]);
    await writer.append([
      { ...(event as StoredEvent), seq: 1, body: { detail: 0 } } as StoredEvent,
    ]);
    expect(await segmentsOf(folder)).toHaveLength(2);
  });
});

describe("putting back", () => {
  it("brings every judgement back after the database is gone, and who this browser is", async () => {
    const profile = new Profile();
    let store = await profile.open("p1");
    await store.append("project.create", "", { name: "Skies" });
    await judged(store, 0, 40);
    await compared(profile.job);
    await judged(store, 40, 60);
    await store.retract("task-3");
    const before = await store.rows();
    const events = await store.events();
    await profile.eraseDatabase();

    store = await profile.open("p1");
    expect(await store.rows()).toEqual([]);
    const { missing, database } = await compared(profile.job);
    expect(database).toBe(0);
    expect(missing).toMatchObject({ events: 62, judgements: 60, projects: ["Skies"] });
    expect(missing?.from).toBe(events[0]?.t);
    const steps: number[] = [];
    expect(await profile.job.restore((n) => steps.push(n))).toBe(62);
    expect(steps.at(-1)).toBe(62);
    const again = await Store.start(await connect({ name: profile.name }), { project: "p1" });
    expect(await again.rows()).toEqual(before);
    expect(await again.events()).toEqual(events);
    expect(chainProblems(await again.events())).toEqual([]);
    expect(again.annotator).toBe(events[0]?.annotator);
    expect((await compared(profile.job)).missing).toBeNull();
  });

  it("adds to an older database without touching what is newer there", async () => {
    const profile = new Profile();
    const store = await profile.open();
    await judged(store, 0, 30);
    // An older state: some events, their rows and the counts are as before they were saved.
    await profile.link?.use("Test", async (db) => {
      const keys = await db.getAllKeys("events");
      for (const key of keys.slice(10)) await db.delete("events", key);
      await db.clear("judgements");
      await db.put("meta", { key: "projection", events: 10, folded: 0, fold: 1 });
    });
    profile.leave();
    const later = await profile.open();
    await later.judge("task-2", judgement("newer"));
    const { missing } = await compared(profile.job);
    expect(missing).toMatchObject({ events: 20, judgements: 20 });
    await profile.job.restore(() => undefined);
    const again = await Store.start(await connect({ name: profile.name }));
    const rows = await again.rows();
    expect(rows).toHaveLength(30);
    expect((await again.row("task-2"))?.judgement?.note).toBe("newer");
  });

  it("completes the journal from a database that was there before it, or was ahead at a kill", async () => {
    const profile = new Profile();
    const without = await Store.start(await connect({ name: profile.name }));
    await judged(without, 0, 25);
    expect(await compared(profile.job)).toMatchObject({ caughtUp: 25, missing: null, journal: 25 });
    expect(await compared(profile.job)).toMatchObject({ caughtUp: 0, missing: null });
    await profile.eraseDatabase();
    await profile.open();
    expect((await compared(profile.job)).missing?.judgements).toBe(25);
  });

  it("survives bit flips and a cut in the journal: only what they hit is missing, and it is counted", async () => {
    const profile = new Profile();
    const store = await profile.open();
    await judged(store, 0, 50);
    await profile.eraseDatabase();
    const name = await profile.file();
    const bytes = profile.folder.files.get(name) ?? new Uint8Array();
    bytes[Math.floor(bytes.length / 3)]! ^= 4;
    profile.folder.files.set(name, bytes.slice(0, bytes.length - 5));
    await profile.open();
    const { missing, damaged } = await compared(profile.job);
    expect([missing?.events, damaged]).toEqual([48, 1]);
    expect(await profile.job.restore(() => undefined)).toBe(48);
  });

  it("reads what there is without any database", async () => {
    const profile = new Profile();
    const store = await profile.open();
    await judged(store, 0, 5);
    expect(await profile.job.inspect()).toMatchObject({ judgements: 5 });
    expect(await profile.job.read()).toEqual(await store.events());
    expect(await new Profile().job.inspect()).toBeNull();
  });
});

describe("several files", () => {
  it("two tabs write two files, and both are read", async () => {
    const profile = new Profile();
    const other = new JournalJob(() => Promise.resolve(profile.folder), profile.name);
    const journal = journalOf(other);
    const here = await profile.open();
    const there = await Store.start(await connect({ name: profile.name, journal }));
    await Promise.all([judged(here, 0, 20), judged(there, 20, 40)]);
    expect(profile.folder.files.size).toBe(2);
    expect(await compared(profile.job)).toMatchObject({ database: 40, journal: 40, missing: null });
    // Nobody may remove or take over a file that a tab writes.
    expect(await mergeSmall(profile.folder)).toBe(0);
    await here.judge("last", judgement());
    expect(await compared(profile.job)).toMatchObject({ journal: 41, caughtUp: 0 });
  });

  it("merges many small ones into one, each event once, and leaves damaged ones alone", async () => {
    const profile = new Profile();
    for (let life = 0; life < 12; life++) {
      const store = await profile.open();
      await judged(store, 3 * life, 3 * life + 3);
      profile.leave();
    }
    const damaged = await profile.file(4);
    profile.folder.files.get(damaged)![20]! ^= 1;
    await profile.open();
    expect(await compared(profile.job)).toMatchObject({ database: 36, damaged: 1, missing: null });
    // What was damaged was in the database, so it was written again.
    expect(profile.folder.files.has(damaged)).toBe(true);
    expect(profile.folder.files.size).toBeLessThanOrEqual(3);
    profile.leave();
    await profile.open();
    expect(await compared(profile.job)).toMatchObject({ database: 36, caughtUp: 0, missing: null });
  });
});
