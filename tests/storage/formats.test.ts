// Rankings out and in without loss, pairs for trainers, and bad files refused line by line.
import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import { readRankings, writeRankings } from "../../src/storage/formats.ts";
import { Store } from "../../src/storage/store.ts";
import { writeTrlPairs } from "../../src/storage/trl.ts";
import { below, generator, judgement, openStore, randomJudgement } from "./helpers.ts";

async function storeOf(count: number, seed: number): Promise<Store> {
  const { store } = await openStore();
  const random = generator(seed);
  for (let i = 0; i < count; i++) await store.judge(`t${i}`, randomJudgement(random));
  return store;
}

function errorsOf(text: string | Uint8Array): string[] {
  const read = readRankings(text, "votes.jsonl");
  return read.ok ? [] : read.errors;
}

describe("rankings file", () => {
  it("is byte-equal after export, import into an empty database, and export: 200 judgements", async () => {
    const store = await storeOf(200, 21);
    await store.judge("t3", judgement("revised"));
    await store.retract("t4");
    const text = writeRankings(await store.rows());
    expect(text.split("\n")).toHaveLength(199 + 2);
    expect(/[\u2028\u2029\r]/.test(text)).toBe(false);
    const read = readRankings(new TextEncoder().encode(text));
    const rows = read.ok ? read.rows : [];
    expect(rows).toEqual(await store.judgements());
    const { store: other } = await openStore();
    expect(await other.importRows(rows)).toEqual({ added: 199, present: 0 });
    expect(writeRankings(await other.rows())).toBe(text);
    expect(await other.importRows(rows)).toEqual({ added: 0, present: 199 });
  });

  it("has the same keys in the same order on every line", async () => {
    const text = writeRankings(await (await storeOf(20, 22)).rows());
    const [header, ...lines] = text.trimEnd().split("\n");
    expect(header).toBe('{"format":"nudge.rankings","version":1,"count":20}');
    const shapes = new Set(
      lines.map((line) => JSON.stringify(Object.keys(JSON.parse(line) as object))),
    );
    expect(shapes.size).toBe(1);
    expect(lines.every((line) => !line.includes(":null"))).toBe(true);
  });

  it("accepts a byte order mark, CRLF and blank lines at the end", async () => {
    const store = await storeOf(3, 23);
    const text = writeRankings(await store.rows());
    const windows = `\ufeff${text.replaceAll("\n", "\r\n")}\r\n  \r\n`;
    const read = readRankings(windows);
    expect(read.ok && read.rows).toEqual(await store.rows());
  });

  it("does not overwrite what is newer here, and imports all or nothing", async () => {
    const store = await storeOf(3, 24);
    const text = writeRankings(await store.rows());
    const read = readRankings(text);
    if (!read.ok) throw new Error(read.errors.join());
    const { store: other } = await openStore();
    await other.importRows(read.rows.slice(0, 1));
    const ahead = { ...read.rows[2]!, event: `ffffffff-ffff-7${read.rows[2]!.event.slice(15)}` };
    const attempt = other.importRows([read.rows[1]!, ahead]);
    await expect(attempt).rejects.toThrow(/dated in the future, so nothing was imported/);
    expect(await other.rows()).toHaveLength(1);
    await store.judge("t1", judgement("newer"));
    expect(await store.importRows(read.rows)).toEqual({ added: 0, present: 3 });
    expect((await store.judgements()).at(-1)?.judgement.note).toBe("newer");
  });

  it("can be edited and undone after an import", async () => {
    const store = await storeOf(2, 25);
    const before = await store.rows();
    const read = readRankings(writeRankings(before));
    const { store: other } = await openStore();
    await other.importRows(read.ok ? read.rows : []);
    expect(await other.undo()).toBeNull();
    expect(await other.rows()).toEqual(before);
  });

  it("names the line and the field of every error and takes nothing", async () => {
    const lines = writeRankings(await (await storeOf(4, 26)).rows()).split("\n");
    const edit = (line: number, change: (value: Record<string, unknown>) => void) => {
      const value = JSON.parse(lines[line]!) as Record<string, unknown>;
      change(value);
      lines[line] = JSON.stringify(value);
    };
    edit(1, (value) => (value["ranks"] = "1,2"));
    edit(2, (value) => delete value["seed"] && delete value["session"]);
    edit(3, (value) => (value["event"] = "<script>"));
    lines[4] = lines[4]!.slice(0, -3);
    expect(errorsOf(lines.join("\n"))).toEqual([
      expect.stringMatching(
        /^votes\.jsonl, line 2, ranks: found "1,2"; expected .* Nothing was imported\.$/,
      ),
      "votes.jsonl, line 3, session: found nothing; expected a value. Nothing was imported.",
      'votes.jsonl, line 4, event: found "<script>"; expected a UUID of version 7. Nothing was imported.',
      "votes.jsonl, line 5: found text that is not JSON. Nothing was imported.",
    ]);
  });

  it("refuses files that are cut off, newer, foreign, not UTF-8 or empty", async () => {
    const text = writeRankings(await (await storeOf(3, 27)).rows());
    const cut = text.split("\n").slice(0, 3).join("\n");
    expect(errorsOf(cut)).toEqual([expect.stringMatching(/found 2 rankings; expected 3.*cut off/)]);
    expect(errorsOf(text.replace('"version":1', '"version":2'))[0]).toMatch(
      /v2; this page reads v1/,
    );
    expect(errorsOf('{"prompt":"a","chosen":"b","rejected":"c"}')[0]).toMatch(/line 1: found "/);
    expect(errorsOf("")[0]).toMatch(/line 1/);
    expect(errorsOf(Uint8Array.of(0x7b, 0xff))[0]).toMatch(/not UTF-8/);
    expect(errorsOf('{"format":"nudge.rankings","version":1,"count":"3"}')[0]).toMatch(/count/);
  });

  it("refuses what it would lose, reserved keys, deep nesting and two rankings of one task", async () => {
    const text = writeRankings(await (await storeOf(1, 28)).rows());
    const [header, line] = text.split("\n") as [string, string];
    const with1 = (changed: string) => errorsOf(`${header}\n${changed}\n`)[0];
    expect(with1(line.replace('{"event"', '{"x":1,"event"'))).toMatch(/"x": found an unknown key/);
    expect(with1(line.replace('{"text"', '{"x":1,"text"'))).toMatch(/would lose/);
    expect(with1(line.replace('{"text"', '{"x":1e999,"text"'))).toMatch(/would lose/);
    expect(with1(line.replace('{"text"', '{"__proto__":{},"text"'))).toMatch(/reserved key/);
    expect(with1("[".repeat(100))).toMatch(/deeper than 64/);
    expect(with1("[]")).toMatch(/expected an object/);
    const twice = `${header.replace(":1}", ":2}")}\n${line}\n${line}\n`;
    expect(errorsOf(twice)[0]).toMatch(/two rankings by one person/);
  });

  it("lists twenty errors and counts the rest", () => {
    const text = `{"format":"nudge.rankings","version":1,"count":30}\n${"x\n".repeat(30)}`;
    const errors = errorsOf(text);
    expect(errors).toHaveLength(21);
    expect(errors[20]).toBe("10 more lines have errors. Nothing was imported.");
  });

  it("survives 2,000 random changes without a crash, and keeps prototypes intact", async () => {
    const random = generator(29);
    const bytes = new TextEncoder().encode(writeRankings(await (await storeOf(3, 29)).rows()));
    for (let n = 0; n < 2000; n++) {
      const damaged = bytes.slice();
      for (let m = 0; m < 3; m++) damaged[below(random, damaged.length)] = below(random, 256);
      const read = readRankings(damaged);
      if (read.ok) expect(readRankings(writeRankings(read.rows))).toEqual(read);
      else expect(read.errors.every((error) => error.endsWith("."))).toBe(true);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe("TRL pairs", () => {
  it("are all untied pairs, best first, with an explicit prompt and nothing else", () => {
    const texts = ["a", "b", "c", "d"];
    const four = {
      ...judgement(),
      prompt: "P\u2028",
      completions: texts.map((text, seed) => ({ text, checkpoint: "", seed })),
      ranks: [2, 1, 2, null],
      shown: [0, 1, 2, 3],
    };
    const { text, pairs, left } = writeTrlPairs([four]);
    expect(text).toBe(
      '{"prompt":"P\\u2028","chosen":"b","rejected":"a"}\n' +
        '{"prompt":"P\\u2028","chosen":"b","rejected":"c"}\n',
    );
    expect(pairs).toBe(2);
    expect(left).toEqual({ ties: 1, unranked: 3, identical: 0, empty: 0, cannotTell: 0 });
  });

  it("leave out equal and empty texts and people who could not tell, and count them", () => {
    const of = (a: string, b: string, cannotTell = false) => ({
      ...judgement(),
      completions: [a, b].map((text, seed) => ({ text, checkpoint: "", seed })),
      cannotTell,
    });
    const { text, left } = writeTrlPairs([of("x", "x"), of("x", ""), of("x", "y", true)]);
    expect(text).toBe("");
    expect(left).toEqual({ ties: 0, unranked: 0, identical: 1, empty: 1, cannotTell: 1 });
  });

  it("account for every one of the C(K, 2) pairs of 200 random judgements", () => {
    const random = generator(31);
    const all = Array.from({ length: 200 }, () => randomJudgement(random));
    const { text, pairs, left } = writeTrlPairs(all);
    const ranked = all.filter((one) => !one.cannotTell);
    const total = ranked.reduce((sum, { ranks: { length: k } }) => sum + (k * (k - 1)) / 2, 0);
    expect(pairs + left.ties + left.unranked + left.identical + left.empty).toBe(total);
    const lines = text.trimEnd().split("\n");
    expect(lines).toHaveLength(pairs);
    for (const line of lines) {
      const { prompt, chosen, rejected, ...rest } = JSON.parse(line) as Record<string, string>;
      expect(rest).toEqual({});
      expect(prompt !== "" && chosen !== rejected).toBe(true);
    }
  });
});
