// Out, in and out again: byte-equal for 1,000 generated projects, and for 200 in every format that we write.
import { describe, expect, it } from "vitest";
import { exportImplicit, exportPreference } from "../../src/formats/export-pairs.ts";
import { exportArena, exportHh, exportLabels } from "../../src/formats/export-others.ts";
import { exportPrompts, exportSft, exportUnpaired } from "../../src/formats/export-trl.ts";
import { FormatError } from "../../src/formats/errors.ts";
import { jsonl } from "../../src/formats/exports.ts";
import type { Exported } from "../../src/formats/exports.ts";
import { writeLossless } from "../../src/formats/lossless.ts";
import { collect } from "../../src/formats/records.ts";
import type { Collection } from "../../src/formats/records.ts";
import { judgementOf, rankingOf, rowOf } from "../../src/formats/rows.ts";
import { readRankings, writeRankings } from "../../src/storage/formats.ts";
import type { RankedRow } from "../../src/storage/formats.ts";
import { createIds } from "../../src/storage/ids.ts";
import { normalJudgement } from "../../src/storage/judgement.ts";
import { below, generator, randomJudgement } from "../storage/helpers.ts";
import { load, someProject } from "./helpers.ts";

const PROJECTS = 200;
const LOSSLESS = 1000;
const pairs = { margin: true, trace: false } as const;

const EXPORTS: [string, (all: Collection) => Exported][] = [
  ["TRL preference, standard", (all) => exportPreference(all, { shape: "standard", ...pairs })],
  ["TRL preference, chat", (all) => exportPreference(all, { shape: "conversational", ...pairs })],
  ["TRL implicit, standard", (all) => exportImplicit(all, { shape: "standard", ...pairs })],
  ["TRL implicit, chat", (all) => exportImplicit(all, { shape: "conversational", ...pairs })],
  ["TRL unpaired, standard", (all) => exportUnpaired(all, { shape: "standard" })],
  ["TRL unpaired, chat", (all) => exportUnpaired(all, { shape: "conversational" })],
  ["TRL SFT, standard", (all) => exportSft(all, { shape: "standard", best: true })],
  ["TRL SFT, chat", (all) => exportSft(all, { shape: "conversational", best: true })],
  ["TRL prompts, standard", (all) => exportPrompts(all, { shape: "standard" })],
  ["TRL prompts, chat", (all) => exportPrompts(all, { shape: "conversational" })],
  ["HH-RLHF", exportHh],
  ["Arena", exportArena],
  ["labels", exportLabels],
];

/** The file, or "" when the format refuses a project (no good or no bad answer for KTO). */
function written(make: (all: Collection) => Exported, all: Collection): string {
  try {
    return jsonl(make(all));
  } catch (error) {
    if (error instanceof FormatError) return "";
    throw error;
  }
}

describe("round trip", () => {
  it(`of the lossless file is byte-equal for ${LOSSLESS} projects and keeps every record`, async () => {
    for (let seed = 0; seed < LOSSLESS; seed++) {
      const all = someProject(seed);
      const { rankings, labelled, demonstrations, prompts, items } = all;
      const records = [...rankings, ...labelled, ...demonstrations, ...prompts, ...items];
      const text = writeLossless(records);
      const { records: read, problems, readable } = await load(text);
      expect(problems).toEqual([]);
      expect(readable).toBe(records.length);
      expect(writeLossless(read)).toBe(text);
      expect(JSON.stringify(collect(read))).toBe(JSON.stringify(all));
    }
  });

  it.each(EXPORTS)(`of %s is byte-equal for ${PROJECTS} projects`, async (_, make) => {
    let lines = 0;
    for (let seed = 0; seed < PROJECTS; seed++) {
      const text = written(make, someProject(1000 + seed));
      if (text === "") continue;
      const { records, problems } = await load(text);
      expect(problems).toEqual([]);
      expect(written(make, collect(records))).toBe(text);
      lines += text.split("\n").length - 1;
    }
    expect(lines).toBeGreaterThan(PROJECTS);
  });

  it("of stored rows through the lossless file and through nudge.rankings loses nothing", async () => {
    const random = generator(7);
    const ids = createIds(() => 1.7e12);
    const rows = Array.from({ length: 200 }, (_, i): RankedRow => {
      const supersedes = i % 3 === 0 ? ids.next() : "";
      const envelope = {
        event: ids.next(),
        project: "p",
        task: `t${i}`,
        annotator: "a",
        session: "s",
      };
      return {
        ...envelope,
        t: 1.7e12 + below(random, 1e9),
        revision: 1 + below(random, 4),
        supersedes,
        state: "submitted",
        judgement: normalJudgement(randomJudgement(random)),
        reason: "",
      };
    });
    const nudge = writeRankings(rows);
    const { records, format } = await load(nudge);
    expect(format).toBe("Nudge rankings");
    const text = writeLossless(records);
    expect(text).toBe(writeLossless(rows.map(rankingOf)));
    const { rankings } = collect((await load(text)).records);
    const back = rankings.map(rowOf);
    expect(back).toEqual(rows);
    expect(writeRankings(back.filter((row) => row !== null))).toBe(nudge);
    expect(readRankings(nudge)).toEqual({ ok: true, rows });
  });

  it("turns rankings from elsewhere into judgements where they can be", async () => {
    const { rankings } = collect(
      (
        await load(
          '{"prompt":"a","chosen":"b","rejected":"c"}\n{"prompt":[{"role":"system","content":"x"},{"role":"user","content":"y"}],"chosen":[{"role":"assistant","content":"b"}],"rejected":[{"role":"assistant","content":"c"}]}',
        )
      ).records,
    );
    expect(rankings.map(judgementOf)).toEqual([
      {
        promptId: rankings[0]!.id,
        prompt: "a",
        completions: ["b", "c"].map((text) => ({ text, checkpoint: "", seed: 0 })),
        ranks: [1, 2],
        shown: [0, 1],
        cannotTell: false,
        milliseconds: { active: 0, idle: 0, hidden: 0 },
        source: "person",
      },
      null,
    ]);
    expect(rowOf(rankings[0]!)).toBeNull();
  });
});
