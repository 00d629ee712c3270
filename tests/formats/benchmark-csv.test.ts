// The CSV of the paper's repository: every kind is told apart and read whole; damaged files say what is wrong.
import { describe, expect, test } from "vitest";
import { readBenchmarkCsv } from "../../src/formats/benchmark-csv.ts";
import type { BenchmarkOptions } from "../../src/formats/benchmark-csv.ts";
import { csvLine, guarded, unguarded } from "../../src/formats/spreadsheet.ts";
import { referenceCsv, summaryCsv, toxicityCsv, truthfulnessCsv } from "../support/paper.ts";

/** The text in chunks that cut through characters and records. */
async function* chunks(text: string, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const read = (text: string, options: BenchmarkOptions = {}, name = "samples.csv") =>
  readBenchmarkCsv(chunks(text), name, options);

describe("what the paper's repository holds", () => {
  test.each([
    ["toxicity", toxicityCsv(), 108],
    ["truthfulness", truthfulnessCsv(), 36],
    ["answers", referenceCsv(), 24],
    ["summaries", summaryCsv(), 12],
  ] as const)("%s", async (id, text, rows) => {
    const file = await read(text);
    expect(file.kind.id).toBe(id);
    expect(file.rows).toHaveLength(rows);
    expect(file.problems).toEqual([]);
    expect(new Set(file.rows.map(({ model }) => model)).size).toBe(12);
  });

  test("cells keep line ends, commas, quotes and what is judged", async () => {
    const { rows } = await read(toxicityCsv());
    expect(rows.map(({ prompt }) => prompt)).toContain("The fox,\nwho was late,");
    expect(rows.map(({ prompt }) => prompt)).toContain('One morning, the "owl"');
    expect(rows[4]).toMatchObject({ model: "gpt-6b", promptType: "respectful prompt" });
    expect(rows[4]?.judged).toEqual({ toxicity: 0.4 });
    expect(rows[4]?.sample).toBe("went home, slowly");
    const truthful = (await read(truthfulnessCsv())).rows[0];
    expect(truthful).toMatchObject({ adversarial: true, judged: { true: 1, info: 0.5 } });
    expect((await read(referenceCsv())).rows[1]?.reference).toBe("6|six");
  });

  test("columns may stand in another order, with others, with a mark and CRLF", async () => {
    const text =
      "\uFEFFsample,note,context,model_type,prompt_type\r\nYes.,seen,Is it?,sft-6b,basic\r\n";
    const { kind, rows } = await read(text);
    expect(kind.id).toBe("samples");
    expect(rows[0]?.more).toEqual({ note: "seen" });
  });

  test("progress is told while it streams", async () => {
    const seen: number[] = [];
    const line = "0,gpt-xl,zeroshot,a,b,c\n";
    const text = `,model_type,prompt_type,context,ref_text,sample\n${line.repeat(6001)}`;
    const file = await readBenchmarkCsv(chunks(text, 4096), "big.csv", {
      onProgress: (rows) => seen.push(rows),
    });
    expect(file.rows).toHaveLength(6001);
    expect(seen).toEqual([2000, 4000, 6000]);
  });
});

describe("what is damaged", () => {
  const header = ",model_type,prompt_type,context,sample,toxicity\n";
  const good = "0,gpt-xl,basic prompt,The hen,sang,0.25\n";

  test.each([
    [
      "a,b\n1,2\n",
      "`samples.csv`: found the columns `a`, `b`; expected those of the paper's samples",
    ],
    [
      ",model_type,prompt_type,context,toxicity\n0,gpt-xl,basic,a,0.1\n",
      "`samples.csv` looks like the toxicity samples (RealToxicityPrompts), but has no column `sample`",
    ],
    [header, "`samples.csv`: found no row of samples; nothing was opened."],
    ["", "found no row of samples"],
    [`${header}0,gpt-xl,basic,"The hen,sang,0.1\n`, "line 2: found a quoted cell without an end"],
    ['[{"model_type": 3}]', "`samples.csv`: found something else than a table of cells"],
    [",model_type,__proto__,context\n0,a,b,c\n", "found the reserved key `__proto__`"],
  ])("%j is refused in one sentence", async (text, sentence) => {
    await expect(read(text)).rejects.toThrow(sentence);
  });

  test.each([
    [
      "1,gpt-xl,basic prompt,The hen,sang\n",
      "line 3: found 5 cells; expected 6, as the header has.",
    ],
    ["1,,basic prompt,The hen,sang,0.1\n", "line 3, `model_type`: found"],
    ["1,gpt-xl,basic prompt,,sang,0.1\n", "line 3, `context`: found"],
    ["1,gpt-xl,basic prompt,The hen,sang,high\n", "`toxicity`: found `\"high\"`; expected a number from 0 to 1."], // prettier-ignore
    ["1,gpt-xl,basic prompt,The hen,sang,1.5\n", "expected a number from 0 to 1."],
  ])("the row %j is left out with a sentence, the others stay", async (bad, sentence) => {
    const { rows, problems, refused } = await read(`${header}${good}${bad}${good}`);
    expect(rows).toHaveLength(2);
    expect(refused).toBe(1);
    expect(problems[0]).toContain(sentence);
    expect(problems[0]).toContain("This line will be skipped.");
  });

  test("what came before a cell that never ends is kept", async () => {
    const { rows, problems } = await read(
      `${header}${good}${good}2,gpt-xl,basic,"The hen,sang,0.1\n`,
    );
    expect(rows).toHaveLength(2);
    expect(problems).toEqual([
      '`samples.csv`, line 4: found a quoted cell without an end; expected `"`. The 2 rows before it can be read.',
    ]);
  });

  test("a huge cell ends the reading and not the page", async () => {
    const huge = `1,gpt-xl,basic prompt,${"x".repeat(5000)},sang,0.1\n`;
    const { rows, problems } = await read(`${header}${good}${huge}${good}`, { line: 1000 });
    expect(rows).toHaveLength(1);
    expect(problems[0]).toMatch(
      /found more than 1000 characters; .* The 1 row before it can be read/,
    );
  });

  test("more rows than are kept are told", async () => {
    const { rows, problems } = await read(`${header}${good.repeat(5)}`, { rows: 3 });
    expect(rows).toHaveLength(3);
    expect(problems[0]).toContain(
      "found more than 3 rows; expected at most that. The first 3 are shown.",
    );
  });

  test("bytes that are not UTF-8 are told", async () => {
    async function* bytes(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode(header);
      yield Uint8Array.of(0xc3, 0x28);
    }
    await expect(readBenchmarkCsv(bytes(), "x.csv")).rejects.toThrow("not UTF-8");
  });
});

describe("a spreadsheet", () => {
  test.each(["=1+1", "+SUM(A1)", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''@x"])(
    "%j is no formula, and comes back as it was",
    (text) => {
      expect(guarded(text)).toBe(`'${text}`);
      expect(unguarded(guarded(text))).toBe(text);
    },
  );

  test.each(["the owl", "", "-3.2", "+1e-5", "'tis", "a=b", "−2"])("%j stays as it is", (text) => {
    expect(guarded(text)).toBe(text);
    expect(unguarded(text)).toBe(text);
  });

  test("quotes only where needed, nothing for what is not finite", () => {
    expect(csvLine(["a,b", 'say "hi"', "two\nlines", Number.NaN, -1.5, "=x,y"])).toBe(
      '"a,b","say ""hi""","two\nlines",,-1.5,"\'=x,y"\r\n',
    );
  });
});
