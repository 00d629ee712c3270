// What trainers read, line by line: golden rows after TRL's published rules, and every stated loss.
import { describe, expect, it } from "vitest";
import { columns, features, writeLine } from "../../src/formats/columns.ts";
import { exportArena, exportHh, exportLabels } from "../../src/formats/export-others.ts";
import { exportImplicit, exportPreference } from "../../src/formats/export-pairs.ts";
import { exportPrompts, exportSft, exportUnpaired } from "../../src/formats/export-trl.ts";
import { jsonl } from "../../src/formats/exports.ts";
import {
  assistant,
  candidate,
  contentId,
  newDemonstration,
  newLabelled,
  newRanking,
  user,
} from "../../src/formats/new-records.ts";
import { collect } from "../../src/formats/records.ts";
import type { Candidate, Collection, Ranking } from "../../src/formats/records.ts";
import { readParquet, writeParquet } from "../../src/formats/parquet.ts";
import { LIMITS } from "../../src/formats/bytes.ts";
import { bundleFiles, zipFiles } from "../../src/formats/zip.ts";
import { sha256 } from "../../src/storage/sha256.ts";
import { load, someProject } from "./helpers.ts";

const answers = (...texts: string[]) => texts.map((text) => candidate([assistant(text)]));
const of = (...rankings: Ranking[]): Collection => collect(rankings);
const plain = { margin: false, trace: false } as const;
const standard = { shape: "standard" } as const;
const chat = { shape: "conversational" } as const;

/** Four answers: the third best, then the first and second tied; the fourth was not ranked. */
const sky = newRanking(
  [user("What color is the sky?")],
  answers("It is green.", "Red.", "It is blue.", "?"),
  [[2], [0, 1]],
  { id: "j1", task: "g1", strengths: [2], shown: [3, 2, 1, 0], annotator: "a_7Q", blind: true,
    submitted: "2026-11-23T10:00:31.004Z", outcome: "ranked" },
); // prettier-ignore
const frog = newRanking(
  [user("Tell me a story about a frog.\n")],
  answers("Once.", "frog"),
  [[0], [1]],
  {
    id: "j2",
    task: "g2",
    strengths: [3],
  },
);

describe("TRL preference", () => {
  it("with an explicit prompt, margin and trace, standard", () => {
    const { loss, ...file } = exportPreference(of(sky, frog), {
      ...standard,
      margin: true,
      trace: true,
    });
    expect(jsonl({ loss, ...file })).toBe(
      '{"prompt":"What color is the sky?","chosen":"It is blue.","rejected":"It is green.","margin":0.6666667,"group_id":"g1","pair":"2>0","weight":0.5,"judgement_id":"j1"}\n' +
        '{"prompt":"What color is the sky?","chosen":"It is blue.","rejected":"Red.","margin":0.6666667,"group_id":"g1","pair":"2>1","weight":0.5,"judgement_id":"j1"}\n' +
        '{"prompt":"Tell me a story about a frog.\\n","chosen":"Once.","rejected":"frog","margin":1.0,"group_id":"g2","pair":"0>1","weight":1.0,"judgement_id":"j2"}\n',
    );
    expect(loss).toBe(
      "2 rankings -> 3 pairs. Not carried: 1 tie, 3 unranked pairs, ratings, notes, times, the order shown. Keep `rankings.jsonl` too. TRL puts prompt and answer together as they are: in 2 of 3 lines nothing stands between them. Choose messages, whose chat template parts them, or add what your prompts end with.",
    );
  });

  it("with an explicit prompt, conversational, without extra columns", () => {
    expect(jsonl(exportPreference(of(frog), { ...chat, ...plain }))).toBe(
      '{"prompt":[{"role":"user","content":"Tell me a story about a frog.\\n"}],"chosen":[{"role":"assistant","content":"Once."}],"rejected":[{"role":"assistant","content":"frog"}]}\n',
    );
  });

  it("with an implicit prompt repeats it on both sides, as one conversation or one text", () => {
    expect(jsonl(exportImplicit(of(frog), { ...chat, ...plain }))).toBe(
      '{"chosen":[{"role":"user","content":"Tell me a story about a frog.\\n"},{"role":"assistant","content":"Once."}],"rejected":[{"role":"user","content":"Tell me a story about a frog.\\n"},{"role":"assistant","content":"frog"}]}\n',
    );
    const colors = newRanking([user("The sky is")], answers(" blue.", " black.", " bl"), [
      [0],
      [1],
      [2],
    ]);
    const { loss, rows } = exportImplicit(of(colors), { ...standard, ...plain });
    expect(rows).toHaveLength(1);
    expect(loss).toContain("2 pairs of which one side begins with the other");
    expect(loss).toContain(
      "TRL finds the prompt as the longest common prefix, character by character. 1 of 1 pair would be cut inside a word. Use explicit prompts unless your trainer asks for this.",
    );
  });

  it("leaves out what no trainer can use, counts it, and warns of an open prompt", () => {
    const odd = newRanking([user("p")], answers("x", "", "p", "x"), [[0], [1], [2], [3]]);
    const skipped = { ...frog, outcome: "skipped" as const };
    const { rows, loss } = exportPreference(of(odd, skipped), { ...standard, ...plain });
    expect(rows).toEqual([]);
    expect(loss).toContain(
      "1 pair of equal texts, 3 pairs with an empty answer, 1 skip, 2 pairs whose answer repeats the prompt",
    );
    const open = newRanking([user("p"), assistant("well")], answers("x", "y"), [[0], [1]]);
    expect(exportPreference(of(open), { ...standard, ...plain }).loss).toContain(
      "1 pair of a conversation that plain text cannot hold",
    );
    expect(exportPreference(of(open), { ...chat, ...plain }).loss).toMatch(
      /1 ranking does not end with a user or a tool: there the answer is a second turn/,
    );
  });

  it("adds strengths between distant groups up to 1, and says 0 where nobody was asked", () => {
    const three = newRanking([user("p")], answers("a", "b", "c"), [[0], [1], [2]], {
      strengths: [1, 0],
    });
    const { rows } = exportPreference(of(three), { ...standard, margin: true, trace: false });
    expect(rows.map(({ margin }) => margin)).toEqual([0.3333333, 0.3333333, 0]);
    const far = { ...three, strengths: [2, 2] };
    const margins = exportPreference(of(far), { ...standard, margin: true, trace: false }).rows;
    expect(margins.map(({ margin }) => margin)).toEqual([0.6666667, 1, 0.6666667]);
  });
});

describe("single answers", () => {
  const rated = (value: number): Partial<Candidate> => ({ ratings: [{ key: "overall", value }] });

  it("are good or bad by rating and by group; the middle and contradictions are counted", () => {
    const three = newRanking([user("The sky is")], answers(" blue.", " up.", " bad."), [
      [0],
      [1],
      [2],
    ]);
    const both = newRanking(
      [user("p")],
      [candidate([assistant("x")], rated(2)), candidate([assistant("y")], rated(6))],
      [[0], [1]],
    );
    const { rows, loss } = exportUnpaired(of(three, both), standard);
    expect(rows).toEqual([
      { prompt: "The sky is", completion: " blue.", label: true },
      { prompt: "The sky is", completion: " bad.", label: false },
    ]);
    expect(loss).toContain("1 answer of the middle, 2 contradictory answers");
    expect(loss).toMatch(/Good is rated 5 to 7 or in the best group/);
  });

  it("of one kind only are refused, because KTO cannot train on them", () => {
    const bad = { ...frog, all_bad: true };
    expect(() => exportUnpaired(of(bad), standard)).toThrow(
      /found only bad answers; expected both kinds/,
    );
    expect(() => exportUnpaired(of(), standard)).toThrow(/no answer that is good or bad/);
    const chat = { ...bad, context: [user("a"), assistant("b"), user("c")] };
    expect(() => exportUnpaired(of(chat), standard)).toThrow(/conversations? that plain text cannot hold, and without .* Choose messages/); // prettier-ignore
    // nobody trains on what was held out
    expect(exportUnpaired(of(bad), { ...standard, test: true }).rows.length).toBeGreaterThan(0);
  });

  it("for SFT are demonstrations, then the one best answer of each ranking", () => {
    const written = newDemonstration([user("p")], [assistant("q")]);
    const tied = newRanking([user("p")], answers("a", "b"), [[0, 1]]);
    const all = collect([written, sky, tied, { ...frog, all_bad: true }]);
    expect(exportSft(all, { ...standard, best: true }).rows).toEqual([
      { prompt: "p", completion: "q" },
      { prompt: "What color is the sky?", completion: "It is blue." },
    ]);
    expect(exportSft(all, { ...standard, best: false }).rows).toHaveLength(1);
  });

  it("and prompts alone appear once each", () => {
    expect(jsonl(exportPrompts(of(frog, frog, sky), chat))).toBe(
      '{"prompt":[{"role":"user","content":"Tell me a story about a frog.\\n"}]}\n' +
        '{"prompt":[{"role":"user","content":"What color is the sky?"}]}\n',
    );
  });
});

describe("other formats", () => {
  it("HH-RLHF, and texts that would be read as turns are left out and named", () => {
    const fake = newRanking([user("p")], answers("a\n\nHuman: hi", "b"), [[0], [1]], { id: "j9" });
    const { rows, loss } = exportHh(of(frog, fake));
    expect(rows).toEqual([
      {
        chosen: "\n\nHuman: Tell me a story about a frog.\n\n\nAssistant: Once.",
        rejected: "\n\nHuman: Tell me a story about a frog.\n\n\nAssistant: frog",
      },
    ]);
    expect(loss).toContain('1 pair with "\\n\\nHuman:" or "\\n\\nAssistant:" in a text');
    expect(loss).toContain("The first text with a separator is in ranking `j9`.");
  });

  it("Arena battles keep ties and both bad, the first on screen is model_a", () => {
    const rows = exportArena(of(sky, { ...frog, all_bad: true })).rows;
    expect(rows.map(({ winner }) => winner)).toEqual([
      "tie",
      "model_a",
      "model_a",
      "tie (bothbad)",
    ]);
    expect(rows[1]).toEqual({
      question_id: "g1",
      model_a: "",
      model_b: "",
      winner: "model_a",
      judge: "arena_user_a_7Q",
      conversation_a: [user("What color is the sky?"), assistant("It is blue.")],
      conversation_b: [user("What color is the sky?"), assistant("It is green.")],
      turn: 1,
      anony: true,
      language: "unknown",
      tstamp: 1795428031.004,
    });
  });

  it("label records say -1 where nobody was asked", () => {
    const one = candidate([assistant("a")], {
      ratings: [
        { key: "overall", value: 2 },
        { key: "fails_task", value: 1 },
      ],
    });
    const ranking = newRanking([user("p")], [one, ...answers("b")], [[1]], { id: "j1", task: "t" });
    const [first, second] = exportLabels(of(ranking)).rows;
    expect(first).toMatchObject({
      id: "j1/0",
      overall: 2,
      fails_task: 1,
      hallucination: -1,
      rank: -1,
    });
    expect(second).toMatchObject({ id: "j1/1", overall: -1, moral_judgment: -1, rank: 0 });
  });

  it("give answers ids that differ when any part of the content does", () => {
    const ids = new Set<string>();
    for (let i = 0; i < 20_000; i++) {
      ids.add(contentId([user(`p${i % 10}`)], candidate([assistant(`a${i % 1000}`)], { seed: i })));
    }
    expect(ids.size).toBe(20_000);
    expect(contentId([user("a")], { completion: [assistant("b")] })).toMatch(/^c_[0-9a-f]{16}$/);
  });

  it("refuse a value that does not fit its column", () => {
    const text = columns("string", "a");
    expect(() => writeLine(text, { a: null })).toThrow(/`a`: found `null`; expected text/);
    expect(writeLine(text, { a: "\u2028" })).toBe('{"a":"\\u2028"}\n');
    expect(writeLine(columns("float64", "x"), { x: 1e21 })).toBe('{"x":1e+21}\n');
    expect(features([{ name: "r", type: { list: { list: "int64" } } }])).toBe(
      "  - name: r\n    list:\n      list: int64\n",
    );
  });
});

describe("Parquet", () => {
  it("holds the rows of the JSON lines, for every format of 20 projects", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const all = someProject(seed);
      const both = { ...chat, margin: true, trace: true };
      const files = [
        exportPreference(all, both),
        exportArena(all),
        exportLabels(all),
        exportPrompts(all, chat),
      ];
      for (const exported of files.filter(({ rows }) => rows.length > 0)) {
        const bytes = new Uint8Array(await writeParquet(exported));
        const rows: unknown[] = [];
        for await (const { value } of readParquet(bytes, "x.parquet", LIMITS)) rows.push(value);
        expect(JSON.parse(JSON.stringify(rows))).toEqual(JSON.parse(JSON.stringify(exported.rows)));
        const lines = jsonl(exported);
        expect((await load(bytes, "x.parquet")).records).toEqual((await load(lines)).records);
      }
    }
  });
});

describe("what is said in another way", () => {
  it("SFT takes the best text when two models wrote it alike", () => {
    const alike = newRanking([user("q")], answers("yes", "yes", "no"), [[0, 1], [2]], { outcome: "ranked" }); // prettier-ignore
    const other = newRanking([user("q")], answers("yes", "aye", "no"), [[0, 1], [2]], { outcome: "ranked" }); // prettier-ignore
    expect(exportSft(of(alike), { ...standard, best: true }).rows).toEqual([
      { prompt: "q", completion: "yes" },
    ]);
    expect(exportSft(of(other), { ...standard, best: true }).rows).toEqual([]);
  });

  it("unpaired goes by the rating where no thumb was given", () => {
    const labelled = [7, 5, 4, 3, 1].map((overall) => ({ ...newLabelled([user("q")], [assistant(`rated ${overall}`)]), ratings: [{ key: "overall", value: overall }] })); // prettier-ignore
    const { rows } = exportUnpaired(collect(labelled), standard);
    expect(rows.map((row) => [row["completion"], row["label"]])).toEqual([
      ["rated 7", true],
      ["rated 5", true],
      ["rated 3", false],
      ["rated 1", false],
    ]);
  });

  it("a margin of another scale comes back as it was, in its order", async () => {
    const margins = [0, 1, 2, 3, 0.5, 1.75];
    const lines = margins.map((margin, i) => JSON.stringify({ prompt: `p${i}`, chosen: "a", rejected: "b", margin })); // prettier-ignore
    const { records, problems } = await load(lines.join("\n"), "m.jsonl");
    expect(problems).toEqual([]);
    const { rows } = exportPreference(collect(records), { ...standard, margin: true, trace: false }); // prettier-ignore
    expect(rows.map((row) => row["margin"])).toEqual(margins);
  });

  it("a call of a tool is refused, as its text would be empty", async () => {
    const turn = { role: "assistant", content: "", tool_calls: [{ function: { name: "w" } }] };
    const line = (chosen: object[]): string => JSON.stringify({ prompt: [{ role: "user", content: "q" }], chosen, rejected: [{ role: "assistant", content: "n" }] }); // prettier-ignore
    const spoken = [{ role: "assistant", content: "y", tool_calls: [] }];
    const { records, problems } = await load(`${line([turn])}\n${line(spoken)}\n`, "t.jsonl");
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).toContain("a call of a tool is no text");
    expect(records).toHaveLength(1);
  });

  it("true, false and decimals of a CSV are read", async () => {
    const csv = "prompt,completion,label\np,a,true\np,b,False\n";
    const { records, problems } = await load(csv, "x.csv");
    expect(problems).toEqual([]);
    expect(collect(records).labelled.map(({ label }) => label)).toEqual([1, 0]);
  });
});

describe("the zip", () => {
  it("holds a card, checksums and the lossless files, and gives every record back", async () => {
    const all = someProject(5);
    const exported = exportPreference(all, { ...standard, ...plain });
    const parts = [{ name: "pairs", exported, parquet: await writeParquet(exported) }];
    const files = bundleFiles(all, parts, "My\nproject");
    const zip = await zipFiles(files);
    expect(await zipFiles(bundleFiles(all, parts, "My\nproject"))).toEqual(zip);
    const paths = files.map(({ path }) => path);
    expect(paths.slice(0, 3)).toEqual(["README.md", "SHA256SUMS", "rankings.jsonl"]);
    expect(paths).toContain("data/pairs/train.jsonl");
    expect(paths).toContain("parquet/pairs/train.parquet");
    const text = (i: number) => new TextDecoder().decode(files[i]!.bytes);
    expect(text(0)).toContain("# My project\n");
    expect(text(0)).toContain(exported.loss);
    expect(text(1)).toContain(`${sha256(files[2]!.bytes)}  rankings.jsonl\n`);
    const { records, problems } = await load(zip, "project.zip");
    expect(problems).toEqual([]);
    expect(JSON.parse(JSON.stringify(collect(records)))).toEqual(JSON.parse(JSON.stringify(all)));
  });

  it("names no split without a line, which datasets cannot load", () => {
    const some = exportPreference(of(sky), { ...standard, ...plain });
    const none = exportPreference(of(), { ...standard, ...plain });
    const parts = [
      { name: "a", exported: some, test: { exported: none } },
      { name: "b", exported: none, test: { exported: some } },
      { name: "c", exported: none },
    ];
    const card = new TextDecoder().decode(bundleFiles(of(sky), parts, "t")[0]?.bytes);
    const configs = card.slice(card.indexOf("configs:"), card.lastIndexOf("---"));
    expect(configs).toContain("- config_name: a\n  default: true\n  data_files:\n  - split: train\n    path: data/a/train.jsonl\n- "); // prettier-ignore
    expect(configs).toContain("- config_name: b\n  data_files:\n  - split: test\n    path: data/b/test.jsonl\n"); // prettier-ignore
    expect(card.slice(0, card.lastIndexOf("---"))).not.toContain("config_name: c");
    expect(card).toContain("No line was held out.");
    expect(card.match(/No line to train on\./g)).toHaveLength(2);
  });

  it("holds the lossless file when there is nothing in it, and refuses odd names", () => {
    expect(bundleFiles(of(), [], "").map(({ path }) => path)).toContain("rankings.jsonl");
    const exported = exportPrompts(of(), standard);
    expect(() => bundleFiles(of(), [{ name: "../x", exported }], "")).toThrow(/expected a name of/);
    // a second configuration of one name would hide the lossless one from `datasets`
    for (const name of ["prompts", "rankings"]) {
      expect(() => bundleFiles(of(), [{ name, exported }], "")).toThrow(
        `\`${name}\`: expected a name that no other file`,
      );
    }
  });
});
