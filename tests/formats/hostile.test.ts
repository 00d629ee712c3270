// Hostile and broken files: refused with one sentence each, never a crash, a hang or a changed prototype.
import { gzipSync, zipSync } from "fflate";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FormatError } from "../../src/formats/errors.ts";
import { exportLabels } from "../../src/formats/export-others.ts";
import { jsonl } from "../../src/formats/exports.ts";
import { exportPreference } from "../../src/formats/export-pairs.ts";
import { LIMITS } from "../../src/formats/bytes.ts";
import { writeLossless } from "../../src/formats/lossless.ts";
import { writeParquet } from "../../src/formats/parquet.ts";
import { bundleFiles, zipFiles } from "../../src/formats/zip.ts";
import { writeRankings } from "../../src/storage/formats.ts";
import type { RankedRow } from "../../src/storage/formats.ts";
import { createIds } from "../../src/storage/ids.ts";
import { normalJudgement } from "../../src/storage/judgement.ts";
import { below, generator, randomJudgement } from "../storage/helpers.ts";
import { FIXTURES, bytesOf, fixture, load, refusalOf, someProject } from "./helpers.ts";

/** Mutations per file: as many as are promised; NUDGE_FUZZ asks for more or fewer. */
const MUTATIONS = Number(process.env["NUDGE_FUZZ"] ?? 10_000);
/** No mutated file of a few kB may take longer, in milliseconds. */
const SLOWEST = 1000;

/** Milliseconds of processor time that this process has used: other work on the machine does not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const pair = (more: object = {}) =>
  JSON.stringify({ prompt: "a", chosen: "b", rejected: "c", ...more });
const HEAD = `${pair()}\n`;

async function problemsOf(line: string, before = HEAD): Promise<string[]> {
  return (await load(`${before}${line}\n`)).problems;
}

describe("error sentences", () => {
  it("count in the file's own units, with separators", async () => {
    const rows = [0, 1].map((i) => ({
      prompt: "a",
      chosen: `b${i}`,
      rejected: i === 0 ? "c" : "",
    }));
    const columns = ["prompt", "chosen", "rejected"].map(
      (name) => ({ name, type: "string" }) as const,
    );
    const file = new Uint8Array(await writeParquet({ columns, rows, format: "pairs", loss: "" }));
    const { summary, problems } = await load(file, "votes.parquet");
    expect([summary, problems.length]).toEqual([
      "`votes.parquet`: 1 of 2 rows can be imported, 1 cannot (list below). Nothing has been saved yet.",
      1,
    ]);
    const many = Array.from({ length: 1200 }, (_, i) => pair({ chosen: `b${i}` })).join("\n");
    expect((await load(`${many}\nnonsense\n`)).summary).toBe(
      "`votes.jsonl`: 1,200 of 1,201 lines can be imported, 1 cannot (list below). Nothing has been saved yet.",
    );
  });

  it("are exactly of the style that is specified", async () => {
    const chat = (role: string) =>
      pair({
        prompt: [{ role: "user", content: "a" }],
        chosen: [
          { role: "assistant", content: "b" },
          { role, content: "x" },
        ],
        rejected: [{ role: "assistant", content: "c" }],
      });
    const votes = await load(`${`${pair()}\n`.repeat(16)}${chat("bot")}\n`);
    expect(votes.problems).toEqual([
      '`votes.jsonl`, line 17, `chosen[1].role`: found `"bot"`; expected system, user, assistant or tool. This line will be skipped.',
    ]);
    expect(votes.summary).toBe(
      "`votes.jsonl`: 16 of 17 lines can be imported, 1 cannot (list below). Nothing has been saved yet.",
    );
    const hh = (p: string) =>
      JSON.stringify({
        chosen: `\n\nHuman: ${p}\n\nAssistant: b`,
        rejected: "\n\nHuman: q\n\nAssistant: c",
      });
    const pairs = await load([hh("q"), hh("q"), hh("q"), hh("other")].join("\n"), "pairs.jsonl");
    expect(pairs.problems).toEqual([
      "`pairs.jsonl` looks like HH-RLHF, but line 4 has no `\\n\\nAssistant:` in common. The two texts share no prompt, so they cannot be compared.",
    ]);
    const newer = writeLossless(someProject(1).rankings).replaceAll('"v":1', '"v":2');
    expect(await refusalOf(newer)).toBe(
      "FormatError: This file was written by a newer version (`prefs.ranking` v2; this app reads v1). Nothing was changed. Reload the page to update.",
    );
  });

  it("show control and bidirectional characters as escapes, at most 40 characters", async () => {
    const [sentence] = await problemsOf(pair({ margin: `\u202e\u0007${"x".repeat(99)}` }));
    expect(sentence).toMatch(/found `"\\u202e\\u0007x{20,36}…`; expected a number\./);
    const odd = await load(`${HEAD}{}\n`, "a`\u202e\n.jsonl");
    expect(odd.problems[0]).toMatch(
      /^`a\\u0060\\u202e\\u000a\.jsonl`, line 2, `prompt`: found nothing;/,
    );
  });

  const refused: [string, string, RegExp][] = [
    ["a missing key", '{"prompt":"a","chosen":"b"}', /`rejected`: found nothing; expected text\./],
    ["a wrong type", pair({ chosen: 3 }), /`chosen`: found `3`; expected text\./],
    [
      "an empty prompt",
      pair({ prompt: "" }),
      /`prompt`: found `""`; expected text that is not empty\./,
    ],
    ["an empty answer", pair({ rejected: "" }), /`rejected`: found `""`/],
    ["equal answers", pair({ rejected: "b" }), /`rejected`: found `"b"`; expected another text/],
    [
      "half a surrogate pair",
      '{"prompt":"a","chosen":"\\ud800","rejected":"c"}',
      /`chosen`: .*half a surrogate pair/,
    ],
    [
      "half a pair in a kept key",
      '{"prompt":"a","chosen":"b","rejected":"c","x":"\\udc00"}',
      /`x`: found text with half/,
    ],
    [
      "text that is not JSON",
      "{",
      /line 2: found text that is not JSON; expected one JSON object\. This line will be skipped\.$/,
    ],
    ["a number", "7", /`record`: found `7`; expected an object\./],
    [
      "a key given twice",
      '{"prompt":"a","prompt":"a","chosen":"b","rejected":"c"}',
      /twice in one object/,
    ],
  ];
  it.each(refused)("refuse a line with %s and go on", async (_, line, sentence) => {
    const [problem, ...more] = await problemsOf(line);
    expect(problem).toMatch(sentence);
    expect(problem).toMatch(/This line will be skipped\.$/);
    expect(more).toEqual([]);
  });

  it("refuse contradictions in a lossless line, and a line that was changed", async () => {
    const all = [0, 1, 2, 3].flatMap((seed) => someProject(seed).rankings);
    const ranked = all.find(({ ranking }) => ranking.length > 1)!;
    const line = writeLossless([ranked]);
    const change = async (edit: object) =>
      problemsOf(JSON.stringify({ ...JSON.parse(line), ...edit, hash: "" }), line);
    expect((await change({ ranking: [[0]] }))[0]).toMatch(
      /`ranking`: found `\[\[0\]\]`; expected groups/,
    );
    expect((await change({ ranking: ranked.ranking.toReversed() }))[0]).toMatch(/\.rank`: found/);
    expect((await change({ strengths: [9] }))[0]).toMatch(/`strengths`: found `\[9\]`/);
    expect((await change({ shown: [0, 0] }))[0]).toMatch(/`shown`/);
    expect((await change({ outcome: "lost" }))[0]).toMatch(/ranked, skipped or flagged/);
    expect((await change({ active_ms: -1 }))[0]).toMatch(/`active_ms`: found `-1`/);
    expect((await change({ extra: "{" }))[0]).toMatch(/`extra`/);
    for (const v of [1, 2]) {
      const [problem] = await problemsOf(JSON.stringify({ v }), line);
      expect(problem).toMatch(/`schema`: found nothing; expected one of prefs\.ranking, /);
    }
    const odd = await problemsOf('{"schema":"valueOf","v":1}', line);
    expect(odd[0]).toMatch(/`schema`: found `"valueOf"`; expected one of/);
    const edited = line.replace(/"note":"[^"]*","app"/, '"note":"edited","app"');
    expect((await problemsOf(edited.trim(), line))[0]).toMatch(
      /`hash`: .*changed after it was written/,
    );
    const { records } = await load(JSON.stringify({ ...JSON.parse(line), mood: [1] }));
    expect(JSON.parse(records[0]!.extra)).toMatchObject({ mood: [1] });
    expect((await load(writeLossless(records))).records).toEqual(records);
  });
});

describe("files that are refused", () => {
  const cases: [string, string | Uint8Array, RegExp][] = [
    ["empty", "", /found no records; expected at least one\. Nothing was imported\.$/],
    ["not UTF-8", Uint8Array.of(0x7b, 0xff, 0x0a), /bytes that are not UTF-8/],
    [
      "of an unknown format",
      '{"a":1,"b":2}',
      /line 1: found the keys `"a, b"`; expected those of a known format/,
    ],
    ["without one good line", "nonsense\nmore\n", /line 1: found text that is not JSON/],
    [
      "without one line of its format that can be read",
      pair({ chosen: 1 }),
      /its one line cannot be imported/,
    ],
    [
      "nested deeper than 64",
      `${HEAD}{"a":${"[".repeat(100)}`,
      /line 2: found nesting deeper than 64 levels/,
    ],
    ["nested in an array", `[${"[".repeat(5_000_000)}`, /nesting deeper than 64/],
    ["with __proto__", `${HEAD}{"__proto__":{"polluted":1}}`, /the reserved key "__proto__"/],
    [
      "with a constructor inside",
      `${HEAD}${pair({ x: { constructor: 1 } })}`,
      /reserved key "constructor"/,
    ],
    ["with an escaped __proto__", `${HEAD}{"\\u005f_proto__":1}`, /reserved key/],
    [
      "of two formats",
      `${HEAD}{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}`,
      /line 2: found a line of TRL conversations \(SFT\); expected TRL preference/,
    ],
    ["cut off inside an array", `[${pair()},`, /found an array that does not end/],
    ["with text after an array", `[${pair()}] x`, /text after the end of the array/],
  ];
  it.each(cases)("%s", async (_, content, sentence) => {
    expect(await refusalOf(content)).toMatch(sentence);
    expect(await refusalOf(content)).toMatch(/^FormatError: /);
  });

  it("with a header of CSV that reaches a prototype, or a cell that does not end", async () => {
    expect(await refusalOf("prompt,__proto__\na,b\n", "x.csv")).toMatch(/reserved key `__proto__`/);
    expect(await refusalOf('prompt,chosen\n"a', "x.csv")).toMatch(/quoted cell without an end/);
    const csv = 'prompt,chosen,rejected\r\n"a ""b""\n",b,c\r\na,b\r\n';
    const { records, problems } = await load(csv, "x.csv");
    expect(records[0]!.context[0]?.content).toBe('a "b"\n');
    expect(problems[0]).toMatch(/line 4: found 2 cells; expected 3/);
  });

  it("with a line longer than the limit, or more bytes than may be read", async () => {
    const long = `${HEAD}${pair({ prompt: "x".repeat(LIMITS.line) })}\n`;
    expect(await refusalOf(long)).toMatch(/line 2: found more than 8388608 bytes/);
    const small = load(HEAD.repeat(100), "x.jsonl", { limits: { total: 1000 } });
    await expect(small).rejects.toThrow(/found more than 1000 bytes/);
  });

  it("packed: bombs, archives in archives, damage, and a file that was changed", async () => {
    const bomb = gzipSync(new Uint8Array(64 * 2 ** 20).fill(0x0a));
    const zipBomb = zipSync({ "rankings.jsonl": new Uint8Array(64 * 2 ** 20) });
    const start = performance.now();
    expect(await refusalOf(bomb, "x.jsonl.gz")).toMatch(/unpacks to more than 100 times its size/);
    expect(await refusalOf(zipBomb, "x.zip")).toMatch(/unpacks to more than 100 times its size/);
    expect(performance.now() - start).toBeLessThan(2000);
    const good = gzipSync(bytesOf(HEAD));
    expect((await load(good, "x.jsonl.gz")).records).toHaveLength(1);
    expect(await refusalOf(gzipSync(good), "x.gz")).toMatch(/archive inside an archive/);
    expect(await refusalOf(good.subarray(0, 20), "x.gz")).toMatch(/cut off or damaged/);
    const files = bundleFiles(someProject(4), [], "t");
    const changed = files.map((file) =>
      file.path === "rankings.jsonl" ? { ...file, bytes: bytesOf(HEAD) } : file,
    );
    expect(await refusalOf(await zipFiles(changed), "x.zip")).toMatch(/SHA256SUMS does not list/);
    expect(await refusalOf(zipSync({ "a.txt": good }), "x.zip")).toMatch(
      /without `rankings\.jsonl`/,
    );
  });
});

/** One random change of a few bytes: flipped, deleted, repeated, or replaced by a telling word. */
function mutated(bytes: Uint8Array, random: () => number): Uint8Array {
  const WORDS = [
    '"__proto__":',
    "null",
    "1e999",
    '"\\ud800"',
    "[[[[",
    "}",
    "\u202e",
    '""',
    "-1",
    "{}",
  ];
  let out = bytes;
  for (let n = 1 + below(random, 3); n > 0; n--) {
    const at = below(random, out.length);
    const kind = below(random, 4);
    const cut = kind === 1 ? below(random, 40) : kind === 3 ? below(random, 6) : 0;
    const insert =
      kind === 2
        ? out.subarray(at, at + below(random, 60))
        : bytesOf(kind === 3 ? (WORDS[below(random, WORDS.length)] ?? "") : "");
    const next = new Uint8Array(at + insert.length + Math.max(0, out.length - at - cut));
    next.set(out.subarray(0, at));
    next.set(insert, at);
    next.set(out.subarray(Math.min(out.length, at + cut)), at + insert.length);
    out = next;
    if (kind === 0 && out.length > 0) out[at % out.length] = below(random, 256);
  }
  return out;
}

/** Imports a changed file; whatever happens is a result or a FormatError, soon. */
async function survive(bytes: Uint8Array, name: string): Promise<"read" | "refused"> {
  const start = cpuMs();
  try {
    const { records, problems } = await load(bytes, name);
    // What was read can be written again.
    writeLossless(records);
    if (!problems.every((problem) => problem.endsWith("."))) expect(problems).toEqual([]);
    return "read";
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    if (!error.message.endsWith(".")) expect(error.message).toMatch(/\.$/);
    return "refused";
  } finally {
    // Plain conditions: a matcher costs more than an import.
    const spent = cpuMs() - start;
    if (spent >= SLOWEST) expect(spent).toBeLessThan(SLOWEST);
    if ("polluted" in {}) expect.unreachable("Object.prototype was changed");
  }
}

/** The first two records of a text: a change then meets every kind of field more often, and sooner. */
function shortened(bytes: Uint8Array, name: string): Uint8Array {
  const text = (): string => new TextDecoder().decode(bytes);
  if (/\.json$/.test(name)) return bytesOf(JSON.stringify((JSON.parse(text()) as unknown[]).slice(0, 2))); // prettier-ignore
  if (name === "multipref.jsonl") return bytesOf(text().split("\n").slice(0, 2).map(fewerWorkers).join("\n")); // prettier-ignore
  const lines = name.endsWith(".csv") ? 3 : 2;
  return /\.(jsonl|csv)$/.test(name)
    ? bytesOf(text().split("\n").slice(0, lines).join("\n"))
    : bytes;
}

/** One worker of one kind: a line makes four rankings for each. */
function fewerWorkers(line: string, i: number): string {
  const row = JSON.parse(line) as Record<string, unknown[]>;
  const kinds = ["normal_worker_annotations", "expert_worker_annotations"];
  for (const [k, kind] of kinds.entries()) row[kind] = (row[kind] ?? []).slice(0, k === i ? 1 : 0);
  return JSON.stringify(row);
}

/** Sets to judge in the shapes that import-items reads. */
const ITEM_LINES = [
  { prompt: "a", completions: ["b", "c"] },
  { id: "x", prompt: [{ role: "user", content: "q" }], responses: [{ text: "b", model: "m" }, [{ role: "assistant", content: "c" }]] }, // prettier-ignore
]
  .map((line) => JSON.stringify(line))
  .join("\n");

function rankedRows(n: number): RankedRow[] {
  const random = generator(3);
  const ids = createIds(() => 1.7e12);
  return Array.from({ length: n }, (_, i) => ({
    event: ids.next(),
    project: "p",
    task: `t${i}`,
    annotator: "a",
    session: "s",
    t: 1.7e12,
    revision: 1,
    supersedes: "",
    state: "submitted",
    judgement: normalJudgement(randomJudgement(random)),
    reason: "",
  }));
}

/** A file of pyarrow's whose pages are packed so. */
function parquetFile(codec: string): Uint8Array {
  return new Uint8Array(readFileSync(`tests/fixtures/parquet/pyarrow-${codec}.parquet`));
}

describe(`${MUTATIONS} mutations`, () => {
  const own = async (): Promise<[string, Uint8Array][]> => {
    const all = someProject(11);
    const exported = exportPreference(all, { shape: "conversational", margin: true, trace: true });
    return [
      ["own.jsonl", bytesOf(writeLossless([all.rankings[0]!, ...all.labelled]))],
      ["own.rankings.jsonl", bytesOf(writeRankings(rankedRows(2)))],
      ["own.items.jsonl", bytesOf(ITEM_LINES)],
      ["own.items.csv", bytesOf('prompt,answer1,answer2\na,b,c\nd,"e ""f""",\n')],
      ["own.labels.jsonl", bytesOf(jsonl(exportLabels(all)))],
      ["own.zip", await zipFiles(bundleFiles(someProject(83), [], "t"))], // one record of each kind
      ["own.parquet", new Uint8Array(await writeParquet(exported))],
      ["own.gzip.parquet", parquetFile("gzip")],
      ["own.zstd.parquet", parquetFile("zstd")],
      ["own.jsonl.gz", gzipSync(fixture("hh-rlhf.jsonl"))],
    ];
  };

  it.each([
    ...FIXTURES,
    "own.jsonl",
    "own.rankings.jsonl",
    "own.items.jsonl",
    "own.items.csv",
    "own.labels.jsonl",
    "own.zip",
    "own.parquet",
    "own.gzip.parquet",
    "own.zstd.parquet",
    "own.jsonl.gz",
  ])(
    "of %s end in a result or a sentence",
    async (name) => {
      const random = generator(name.length * 31 + name.charCodeAt(4));
      const all = name.startsWith("own.") ? new Map(await own()).get(name)! : fixture(name);
      const bytes = shortened(all, name);
      const outcomes = new Set<string>();
      const prototype = Object.getOwnPropertyNames(Object.prototype).join();
      for (let n = 0; n < MUTATIONS; n++) outcomes.add(await survive(mutated(bytes, random), name));
      expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(prototype);
      expect(outcomes.has("refused")).toBe(true);
    },
    60_000 + 200 * MUTATIONS,
  );
});
