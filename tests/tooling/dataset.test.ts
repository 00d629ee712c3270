// npm run dataset: what it writes, what it refuses, and that docs/DATASET.md holds what is generated.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { main } from "../../scripts/dataset.ts";
import {
  buildDataset,
  datasetStatistics,
  statisticsMarkdown,
} from "../../src/world/dataset/index.ts";

const folder = mkdtempSync(join(tmpdir(), "dataset-"));
afterAll(() => rmSync(folder, { recursive: true }));

const records = (name: string) =>
  readFileSync(join(folder, name), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test("writes prompts, demonstrations, rankings and people's rankings", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  const judgements = "tests/fixtures/formats/trl-preference.jsonl";
  const args = ["--scale", "0.003", "--seed", "4", "--out", folder, "--judgements", judgements];
  expect(await main(args)).toBe(0);
  log.mockRestore();
  const prompts = records("prompts.jsonl");
  const ids = new Set(prompts.map(({ id }) => id));
  expect(ids.size).toBe(prompts.length);
  expect(records("config.jsonl")).toMatchObject([{ scale: 0.003, seed: 4 }]);
  for (const { promptId } of records("demonstrations.jsonl")) expect(ids.has(promptId)).toBe(true);
  const rankings = records("rankings.jsonl");
  expect(rankings).toHaveLength(prompts.filter(({ stage }) => stage === "rm").length);
  const people = records("people.jsonl");
  expect(people.length).toBeGreaterThan(0);
  for (const one of people) {
    expect(Object.keys(rankings[0]!).every((key) => key in one)).toBe(true);
    expect(one).toHaveProperty("prompt");
  }
});

const plain = join(folder, "plain.md");
writeFileSync(plain, "# nothing to fill\n");

test.each([
  [["--scale", "2"], /^datasetConfig: scale is 2, expected a share above 0 and at most 1/],
  [["--model", "no/file", "--scale", "0.003"], /^--model: found no file no\/file, expected/],
  [["--judgements", "no/file", "--scale", "0.003"], /^--judgements: found no file no\/file/],
  [["--judgements", plain, "--scale", "0.003"], /^--judgements: `plain\.md`/],
  [["--statement", "no/file"], /^--statement: found no file no\/file, expected one/],
  [["--sclae", "1"], /^Unknown option "--sclae"; expected one of --out/],
])("%j is refused in one sentence", async (args, sentence) => {
  const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  expect(await main([...args, "--out", folder])).toBe(2);
  expect(error.mock.calls.flat().join("\n")).toMatch(sentence);
  error.mockRestore();
  log.mockRestore();
});

test("docs/DATASET.md holds the tables of the default settings", () => {
  /** Cells without the padding that the formatter adds; rules of tables left out. */
  const cells = (text: string) =>
    text
      .split("\n")
      .filter((line) => line.startsWith("|") && !/^\|[-| ]+\|$/.test(line))
      .map((line) =>
        line
          .split("|")
          .map((cell) => cell.trim())
          .join("|"),
      );
  const document = new Set(cells(readFileSync("docs/DATASET.md", "utf8")));
  for (const row of cells(statisticsMarkdown(datasetStatistics(buildDataset())))) {
    expect(document.has(row), row).toBe(true);
  }
});
