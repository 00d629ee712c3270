// Merging files of several people: idempotent, commutative, associative on 300 generated sets; conflicts.
import { describe, expect, test } from "vitest";
import { readEvents, writeEvents } from "../../src/formats/histories.ts";
import { assistant, candidate, newRanking, user } from "../../src/formats/new-records.ts";
import type { Ranking } from "../../src/formats/records.ts";
import { mergeEvents, mergeRows } from "../../src/quality/merge.ts";
import { seal } from "../../src/storage/events.ts";
import type { JudgementRow, StoredEvent } from "../../src/storage/events.ts";
import { random } from "../support/random.ts";
import { id, row } from "./helpers.ts";

/** A few rows out of a small world, so that files overlap, contradict and continue each other. */
function someRows(next: () => number): JudgementRow[] {
  const pick = (n: number): number => Math.floor(next() * n);
  return Array.from({ length: pick(8) }, () => {
    const event = 1 + pick(6);
    const ranks = next() < 0.5 ? [1, 2] : [2, 1];
    const revision = 1 + pick(2);
    return row(event, {
      task: `t${pick(2)}`,
      annotator: next() < 0.5 ? "ann" : "bob",
      revision,
      supersedes: revision === 1 ? "" : id(1 + pick(event)),
      j: { ranks },
    });
  });
}

describe("properties of merging rows, 300 sets", () => {
  test("idempotent, commutative and associative", () => {
    let conflicts = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed);
      const [a, b, c] = [someRows(next), someRows(next), someRows(next)];
      const whole = mergeRows(a, b, c);
      expect(mergeRows(c, a, b)).toEqual(whole);
      expect(mergeRows(mergeRows(a, b).union, c)).toEqual(whole);
      expect(mergeRows(a, mergeRows(b, c).union)).toEqual(whole);
      expect(mergeRows(whole.union, whole.union, a)).toEqual(whole);
      for (const one of [...a, ...b, ...c]) expect(whole.union).toContainEqual(one);
      conflicts += whole.conflicts.length;
    }
    expect(conflicts).toBeGreaterThan(300);
  });

  test("one current row per task and person: the latest", () => {
    const { current } = mergeRows([row(1, { task: "t" }), row(3, { task: "t", revision: 2 })], [row(2, { task: "u" })]); // prettier-ignore
    expect(current.map(({ event }) => event).sort()).toEqual([id(2), id(3)]);
  });
});

describe("conflicts", () => {
  test("one id with two contents is shown and both are kept", () => {
    const { union, conflicts } = mergeRows([row(1)], [row(1, { j: { ranks: [2, 1] } })]);
    expect(union).toHaveLength(2);
    expect(conflicts).toHaveLength(1);
    expect(conflicts[0]).toMatchObject({ kind: "altered", about: id(1), annotator: "ann" });
    expect(conflicts[0]?.sentence).toContain("2 different contents under one id");
  });

  test("two first answers of one person to one task are shown, the same answer twice is not", () => {
    const there = row(2, { task: "t", j: { ranks: [2, 1] } });
    const { conflicts, current } = mergeRows([row(1, { task: "t" })], [there]);
    expect(conflicts).toMatchObject([{ kind: "answers", about: "t" }]);
    expect(current).toEqual([there]);
    expect(mergeRows([row(1, { task: "t" })], [row(2, { task: "t" })]).conflicts).toEqual([]);
  });

  test("an answer and its revision, or two people's answers, are none", () => {
    const revised = row(2, { task: "t", revision: 2, supersedes: id(1), j: { ranks: [2, 1] } });
    expect(mergeRows([row(1, { task: "t" })], [revised]).conflicts).toEqual([]);
    const other = row(3, { task: "t", annotator: "bob", j: { ranks: [2, 1] } });
    expect(mergeRows([row(1, { task: "t" })], [other]).conflicts).toEqual([]);
  });

  test("a later answer that nobody revised into is shown, whatever its revision says", () => {
    const edited = row(1, { task: "t", revision: 3 });
    const later = row(4, { task: "t", j: { ranks: [2, 1] } });
    expect(mergeRows([edited], [later]).conflicts).toMatchObject([{ kind: "answers", about: "t" }]);
    // an earlier one may be what was revised
    expect(mergeRows([row(4, { task: "t", revision: 3 })], [row(1, { task: "t", j: { ranks: [2, 1] } })]).conflicts).toEqual([]); // prettier-ignore
  });

  test("the same decision at another time, under another id and without its note is no contradiction", () => {
    const context = [user("p")];
    const answers = ["a", "b", "c"].map((text) => candidate([assistant(text)]));
    const said = (n: number, groups: number[][], more: Partial<Ranking> = {}): JudgementRow => {
      const ranking = newRanking(context, answers, groups, { id: id(n), outcome: "ranked", annotator: "ann", ...more }); // prettier-ignore
      const decision = { ranking: { ...ranking }, demonstration: null };
      return { ...row(n, { task: "t" }), judgement: null, decision };
    };
    const here = said(1, [[0, 1], [2]], { note: "close", active_ms: 900, session: "x" });
    expect(mergeRows([here], [said(2, [[1, 0], [2]], { session: "y" })]).conflicts).toEqual([]);
    expect(mergeRows([here], [said(2, [[2], [0, 1]])]).conflicts).toHaveLength(1);
    expect(mergeRows([here], [said(2, [[0, 1], [2]], { flags: ["toxic"] })]).conflicts).toHaveLength(1); // prettier-ignore
  });

  test("two revisions of one answer are shown", () => {
    const first = row(1, { task: "t" });
    const here = row(2, { task: "t", revision: 2, supersedes: id(1), j: { ranks: [2, 1] } });
    const there = row(3, { task: "t", revision: 2, supersedes: id(1), j: { ranks: [1, 1] } });
    expect(mergeRows([first, here], [first, there]).conflicts).toMatchObject([
      { kind: "answers", versions: [{ event: id(2) }, { event: id(3) }] },
    ]);
  });
});

/** A sealed chain of one writer that submits these rankings. */
function chain(writer: string, annotator: string, ranks: readonly number[][]): StoredEvent[] {
  let prev = "";
  return ranks.map((list, seq) => {
    const { judgement } = row(1, { j: { ranks: list } });
    const event = seal({
      writer,
      seq,
      id: id(100 * writer.length + seq),
      v: 1,
      t: seq,
      project: "p",
      task: `${annotator} ${seq}`,
      annotator,
      session: "s",
      kind: "judgement.submit",
      body: { judgement: judgement!, supersedes: "", revision: 1 },
      prev,
    });
    prev = event.hash;
    return event;
  });
}

describe("histories", () => {
  const ann = chain("w", "ann", [[1, 2], [2, 1]]); // prettier-ignore
  const bob = chain("ww", "bob", [[1, 2], [1, 1], [2, 1]]); // prettier-ignore

  test("their union is whole, in any order, and merging again changes nothing", () => {
    const merged = mergeEvents(ann, bob);
    expect(merged.events).toHaveLength(5);
    expect(merged.current).toHaveLength(5);
    expect(merged).toMatchObject({ conflicts: [], problems: [] });
    expect(mergeEvents(bob.toReversed(), ann, merged.events)).toEqual(merged);
  });

  test("a gap and a change by hand are said", () => {
    expect(mergeEvents(bob.toSpliced(1, 1)).problems).toEqual([
      "Writer ww, event 2: event 1 before it is missing.",
    ]);
    const changed = { ...ann[1]!, t: 99 };
    expect(mergeEvents([ann[0]!, changed]).problems).toEqual([
      "Writer w, event 1: its content does not match its checksum.",
    ]);
  });

  test("a chain that goes on in two ways is a conflict", () => {
    const fork = chain("w", "ann", [[1, 2], [1, 1]]); // prettier-ignore
    const { conflicts, events } = mergeEvents(ann, fork);
    expect(events).toHaveLength(3);
    expect(conflicts.map(({ kind }) => kind).sort()).toEqual(["altered", "forked"]);
    expect(conflicts.find(({ kind }) => kind === "forked")?.sentence).toContain(
      "continues in 2 ways from event 1",
    );
  });
});

describe("events.jsonl", () => {
  const events = [...chain("w", "ann", [[1, 2], [2, 1]]), ...chain("ww", "bob", [[1, 1]])]; // prettier-ignore

  test("comes back equal, and writes the same bytes again", () => {
    const text = writeEvents(events);
    const read = readEvents(text);
    expect(read).toEqual({ events, refused: [], problems: [] });
    expect(writeEvents(read.events)).toBe(text);
    expect(readEvents(`\uFEFF${text.replaceAll("\n", "\r\n")}\r\n`).events).toEqual(events);
  });

  test.each([
    [/"seq":1/, '"seq":-1', "`seq`: found `-1`; expected a whole number from 0."],
    [
      /"t":1/,
      '"t":2',
      "expected the checksum of this line, so it was changed after it was written.",
    ],
    [/"ranks":\[2,1\]/, '"ranks":[2,3]', "body.judgement.ranks: found [2,3]; expected ranks 1, 2"],
    [/"revision":1/, '"revision":"1"', "`body.revision`: found"],
    [/"annotator":"ann"/, '"__proto__":{}', "found the reserved key"],
    [/^\{/, "", "found text that is not JSON"],
  ])("a line with %s as %s is refused in a sentence and the rest is read", (from, to, said) => {
    const lines = writeEvents(events).split("\n");
    lines[1] = lines[1]!.replace(from, to);
    const { events: read, refused, problems } = readEvents(lines.join("\n"), "ann.jsonl");
    expect(read).toHaveLength(2);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatch(/^`ann\.jsonl`, line 2[,:] .* This line will be skipped\.$/);
    expect(refused[0]).toContain(said);
    expect(problems).toEqual([]);
  });

  test("a gap is told, and a file without an event refused", () => {
    const text = writeEvents(events).split("\n").slice(1).join("\n");
    expect(readEvents(text).problems).toEqual(["Writer w, event 1: event 0 before it is missing."]);
    expect(() => readEvents("\n", "x")).toThrow("`x`: found no event; nothing was imported.");
  });
});
