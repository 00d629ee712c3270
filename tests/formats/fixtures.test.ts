// Every foreign format from its fixture of 20 lines: detected, previewed, and every line as it says.
import { describe, expect, it } from "vitest";
import { previewImport, recordHash } from "../../src/formats/import.ts";
import { writeLossless } from "../../src/formats/lossless.ts";
import type { Imported } from "../../src/formats/records.ts";
import { FIXTURES, chunked, fixture, load, someProject } from "./helpers.ts";

/** A record in short: groups best first with strengths, or a label with its ratings. */
function short(record: Imported): string {
  if (record.schema === "prefs.ranking") {
    const { ranking, strengths, all_bad, outcome } = record;
    const groups = ranking.map((group) => group.join("=")).join(">");
    const strength = strengths.some((s) => s > 0) ? ` ${strengths.join()}` : "";
    return `${groups}${strength}${all_bad ? " bad" : ""}${outcome === "ranked" ? "" : ` ${outcome}`}`;
  }
  if (record.schema !== "prefs.labelled") return record.schema;
  const ratings = record.ratings.map(({ key, value }) => `${key}=${value}`).join(" ");
  return `${record.label} ${ratings}`.trim();
}

const signed = (order: number, strength = 0) => {
  if (order === 0) return "0=1";
  return `${order < 0 ? "0>1" : "1>0"}${strength === 0 ? "" : ` ${strength}`}`;
};
const WINS = ["0>1", "1>0", "0=1", "0=1 bad", "0=1 bad", "0=1 bad"];
const MULTI = ["0>1 2", "0>1 1", "0=1", "1>0 1", "1>0 2"];
const CONFIDENCE = [0, 1, 1, 1, 2, 2, 2, 3, 3, 3];
const WEBGPT = ["0=1", "0>1 3", "1>0 2", "0>1 1", "1>0 3"];

/** What line i (from 0) of each fixture says, after the rules that its publisher states. */
const EXPECTED: Record<string, { format: string; line: (i: number) => string | string[] }> = {
  "arena-55k.csv": { format: "Arena 55k (CSV)", line: (i) => WINS[i % 3]! },
  "arena-log.jsonl": { format: "Arena vote log", line: (i) => WINS[i % 4]! },
  "arena.jsonl": { format: "Arena battles", line: (i) => WINS[i % 6]! },
  "argilla.json": { format: "Argilla", line: (i) => (i % 2 === 0 ? "0=2>1" : "0>1>2") },
  "helpsteer2-preference.jsonl": {
    format: "HelpSteer2 preference",
    line: (i) => signed((i % 7) - 3, Math.abs((i % 7) - 3)),
  },
  "helpsteer2.jsonl": {
    format: "HelpSteer2",
    line: (i) => `-1 helpfulness=${i % 5} correctness=4 coherence=4 complexity=1 verbosity=0`,
  },
  "helpsteer3.jsonl": {
    format: "HelpSteer3",
    line: (i) => {
      const own = signed((i % 7) - 3, Math.abs((i % 7) - 3));
      return i % 4 === 3 ? own : [own, "0>1 1"];
    },
  },
  "hh-rlhf.jsonl": { format: "HH-RLHF", line: () => "0>1" },
  "label-studio.json": {
    format: "Label Studio",
    line: (i) => {
      if (i % 2 === 0) return i % 4 === 0 ? "0=2>1" : "0>2>1";
      return `${i % 4 === 1 ? "0>1" : "1>0"}${i === 19 ? " skipped" : ""}`;
    },
  },
  "multipref.jsonl": {
    format: "MultiPref",
    line: (i) => [i, i + 1, i].flatMap((n) => [MULTI[n % 5]!, MULTI[n % 5]!, "0=1", "0=1"]),
  },
  "nectar.jsonl": {
    format: "Nectar",
    line: (i) => (i % 2 === 0 ? "0>1>2>3>4>5>6" : "0>1>2>3>4>5=6"),
  },
  "nemo-rl.jsonl": {
    format: "NeMo-RL preferences",
    line: (i) => (i % 2 === 0 ? "1=2>0" : "1>0=2"),
  },
  "oasst.jsonl": {
    format: "Open Assistant trees",
    line: (i) => {
      if (i % 2 === 0) return i % 3 === 0 ? "0>1" : "0>2>1";
      return `1>0>2${i % 3 === 0 ? " bad" : ""}`;
    },
  },
  "openai-axes.jsonl": {
    format: "OpenAI summarize, axis evaluations",
    line: (i) =>
      `-1 overall=${1 + (i % 7)} accuracy=7 ${i % 3 === 0 ? "" : "coverage=5 "}coherence=6`,
  },
  "openai-comparisons.jsonl": {
    format: "OpenAI summarize, comparisons",
    line: (i) => signed(i % 2 === 0 ? -1 : 1, i % 4 === 0 ? 0 : CONFIDENCE[1 + (i % 9)]),
  },
  "potato.jsonl": {
    format: "Potato",
    line: (i) => {
      if (i % 3 === 0) return i % 2 === 1 ? "1>2>0" : "1=2>0";
      if (i % 3 === 1) return i % 2 === 1 ? "0>1" : "0=1";
      return signed((i % 7) - 3, Math.abs((i % 7) - 3));
    },
  },
  "prodigy.jsonl": {
    format: "Prodigy",
    line: (i) => {
      if (i % 5 === 3 || i === 14) return " skipped";
      return i % 2 === 1 ? "0>1=2" : "0=2>1";
    },
  },
  "shp.jsonl": { format: "SHP", line: (i) => (i % 2 === 1 ? "0>1" : "1>0") },
  "trl-implicit.jsonl": { format: "TRL preference, implicit prompt", line: () => "0>1" },
  "trl-messages.jsonl": { format: "TRL conversations (SFT)", line: () => "prefs.demonstration" },
  "trl-preference.jsonl": {
    format: "TRL preference, explicit prompt",
    line: (i) => signed(-1, i % 4),
  },
  "trl-prompts.jsonl": { format: "TRL prompt-only", line: () => "prefs.prompt" },
  "trl-sft.jsonl": { format: "TRL prompt-completion (SFT)", line: () => "prefs.demonstration" },
  "trl-stepwise.jsonl": {
    format: "TRL stepwise supervision",
    line: (i) => (i % 3 === 0 ? "0 step_1=1 step_2=0" : "1 step_1=1 step_2=1"),
  },
  "trl-unpaired.jsonl": { format: "TRL unpaired preference", line: (i) => `${i % 2}` },
  "ultrafeedback.jsonl": {
    format: "UltraFeedback",
    line: (i) => (i % 2 === 0 ? "1>2>0" : "1=2>0"),
  },
  "webgpt.jsonl": { format: "WebGPT comparisons", line: (i) => WEBGPT[i % 5]! },
};

describe("fixtures of foreign formats", () => {
  it("are all expected, and all expected ones are there", () => {
    expect(FIXTURES).toEqual(Object.keys(EXPECTED).sort());
  });

  it.each(FIXTURES)("%s is detected and every line is what it says", async (name) => {
    const { format, line } = EXPECTED[name]!;
    const expected = Array.from({ length: 20 }, (_, i) => line(i)).flat();
    const result = await load(fixture(name), name);
    expect(result.problems).toEqual([]);
    expect(result.format).toBe(format);
    expect(result.summary).toBe(
      `\`${name}\`: 20 of 20 ${name.endsWith(".json") ? "records" : "lines"} can be imported. Nothing has been saved yet.`,
    );
    expect(result.records.map(short)).toEqual(expected);
    expect(new Set(result.records.map(({ id }) => id)).size).toBe(expected.length);
    const preview = await previewImport(chunked(fixture(name)), name);
    expect(preview).toMatchObject({ format, looked: 20, readable: 20, problems: [] });
    expect(preview.first).toEqual(result.records.slice(0, 3));
  });

  it("give the same ids again, so that a second import adds nothing", async () => {
    const first = await load(fixture("hh-rlhf.jsonl"));
    const hashes = new Map(first.records.map((record) => [record.id, recordHash(record)]));
    const again = await load(fixture("hh-rlhf.jsonl"), "again.jsonl", {
      stored: (id) => hashes.get(id),
    });
    expect(again).toMatchObject({ records: [], conflicts: [], present: 20 });
    const own = (text: string) => `{"prompt":"${text}","chosen":"b","rejected":"c"}`;
    const twice = await load(`${own("a")}\n${own("a")}\n${own("b")}`);
    expect(new Set(twice.records.map(({ id }) => id)).size).toBe(3);
  });

  it("keep a record whose id is here with other content as a conflict", async () => {
    const all = someProject(3).rankings;
    const text = writeLossless(all);
    expect((await load(text + text)).present).toBe(all.length);
    const result = await load(text, "votes.jsonl", { stored: () => "sha256:other" });
    expect(result.records).toEqual([]);
    expect(result.conflicts).toHaveLength(all.length);
    expect(result.summary).toContain(`${all.length} have an id that is here with other content`);
  });

  it("keep what their format says and ours has no column for", async () => {
    const { records } = await load(fixture("arena.jsonl"));
    expect(JSON.parse(records[0]!.extra)).toEqual({
      conv_metadata: '{"sum_user_tokens": 5}',
      is_code: false,
      language: "English",
      turn: 1,
    });
    expect(records[0]).toMatchObject({ task: "q0", annotator: "0", blind: true });
    const text = new TextDecoder().decode(fixture("arena-log.jsonl"));
    expect(text).toContain("192.0.2.7");
    const log = await load(text);
    expect(JSON.stringify(log.records)).not.toContain("192.0.2.7");
    expect(JSON.stringify(log.records)).not.toContain("an example");
  });

  it("marks dialogues that part before the last answer", async () => {
    const { records } = await load(fixture("hh-rlhf.jsonl"));
    expect(JSON.parse(records[7]!.extra)).toEqual({ diverges_at: 1 });
    expect(records[4]!.context.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
  });

  it("spells the prompt of a summary as TRL's conversion does", async () => {
    const { records } = await load(fixture("openai-comparisons.jsonl"));
    expect(records[1]!.context[0]?.content).toBe(
      "SUBREDDIT: r/questions\n\nTITLE: Name a fruit that is red.\n\nPOST: Name a fruit that is red.\nI asked my aunt and she did not know.\n\nTL;DR:",
    );
  });
});
