// The data set: same bytes per seed, shares, sizes, no author or prompt in two parts.
import { describe, expect, test } from "vitest";
import {
  annotationsOf,
  buildDataset,
  datasetConfig,
  datasetStatistics,
  scaledSizes,
  scorable,
  statisticsMarkdown,
} from "../../../src/world/dataset/index.ts";
import { Z95 } from "../../../src/evaluation/index.ts";
import type { Dataset } from "../../../src/world/dataset/index.ts";
import { clusteredHalf } from "../../../src/world/dataset/statistics.ts";
import { UNK, buildTokenizer, score } from "../../../src/world/index.ts";

const dataset = buildDataset({ scale: 0.05 });
const of = (stage: string, part: string, from: Dataset = dataset) =>
  from.prompts.filter((one) => one.stage === stage && one.part === part);

describe("generation", () => {
  test("the same settings give the same data, another seed other data", () => {
    const small = buildDataset({ scale: 0.004, seed: 5 });
    expect(JSON.stringify(buildDataset({ scale: 0.004, seed: 5 }).prompts)).toBe(
      JSON.stringify(small.prompts),
    );
    const other = buildDataset({ scale: 0.004, seed: 6 });
    expect(other.prompts.map((one) => one.prompt)).not.toEqual(
      small.prompts.map((one) => one.prompt),
    );
  });

  test("sizes are the paper's at this scale", () => {
    for (const { stage, part, labeler, customer } of scaledSizes(datasetConfig({ scale: 0.05 }))) {
      const set = of(stage, part);
      const customers = set.filter((one) => one.source === "customer");
      expect([set.length - customers.length, customers.length]).toEqual([labeler, customer]);
    }
    expect(of("rm", "train")).toHaveLength(331 + 1329);
    expect(of("ppo", "train").every((one) => one.source === "customer")).toBe(true);
    expect(dataset.demonstrations).toHaveLength(
      of("sft", "train").length + of("sft", "valid").length,
    );
  });

  test("every kind of prompt is there", () => {
    const kinds = new Set(of("sft", "train").map((one) => one.source));
    expect([...kinds].sort()).toEqual(["customer", "few-shot", "plain", "user-based"]);
    const fewShot = dataset.prompts.filter((one) => one.source === "few-shot");
    for (const { prompt, task } of fewShot) {
      expect(prompt.match(/\bquestion :/g)?.length).toBeGreaterThanOrEqual(3);
      expect(prompt.endsWith(`question : ${task} answer :`)).toBe(true);
    }
  });

  test("use cases have Table 1's shares within three standard errors", () => {
    const set = of("rm", "train");
    const counts = new Map<string, number>();
    for (const { author } of set) counts.set(author, (counts.get(author) ?? 0) + 1);
    const squares = [...counts.values()].reduce((sum, n) => sum + n * n, 0);
    const { useCases } = datasetStatistics(dataset);
    expect(useCases.reduce((sum, one) => sum + one.percent, 0)).toBeCloseTo(100);
    for (const { category, percent, paper } of useCases) {
      // The widest error there can be: all prompts of an author have the same use case.
      const error = Math.sqrt(paper * (100 - paper) * squares) / set.length;
      expect(Math.abs(percent - paper), category).toBeLessThan(3 * error);
      expect(error, category).toBeLessThan(6);
    }
  });

  test("no word is outside the vocabulary", () => {
    const { encode } = buildTokenizer();
    for (const { id, prompt } of dataset.prompts) {
      expect(encode(`${prompt} ${dataset.references.get(id) ?? "?"}`).includes(UNK), prompt).toBe(
        false,
      );
    }
  });

  test("references satisfy the scorers: the tasks carry the right gold", () => {
    const set = of("rm", "train");
    const follows = set.map((one) => {
      const words = (dataset.references.get(one.id) ?? "").split(" ");
      return score(scorable(one), [...words, "<eos>"]).follow;
    });
    expect(follows.filter((one) => one > 0.99).length / set.length).toBeGreaterThan(0.85);
    expect(follows.reduce((sum, one) => sum + one, 0) / set.length).toBeGreaterThan(0.92);
  });
});

describe("splits", () => {
  test("no author is in two parts, no customer over the limit", () => {
    const parts = new Map<string, Set<string>>();
    const counts = new Map<string, number>();
    for (const { author, part } of dataset.prompts) {
      parts.set(author, (parts.get(author) ?? new Set<string>()).add(part));
      counts.set(author, (counts.get(author) ?? 0) + 1);
    }
    for (const [author, found] of parts) expect(found.size, author).toBe(1);
    for (const [author, count] of counts) {
      if (author.includes("customer")) expect(count, author).toBeLessThanOrEqual(200);
    }
  });

  test("training names no held-out hero and asks no held-out fact; the test set does", () => {
    const training = dataset.prompts.filter((one) => one.part !== "test");
    for (const one of training) {
      expect(one.unseen, one.prompt).toBe(false);
      expect(one.task).not.toMatch(/\b(turtles?|goats?|crows?|ella)\b/);
    }
    const unseen = of("test", "test").filter((one) => one.unseen).length;
    expect(unseen / of("test", "test").length).toBeGreaterThan(0.3);
  });

  test("a limit of 3 prompts per customer holds", () => {
    const limited = buildDataset({ scale: 0.01, promptsPerCustomer: 3 });
    const counts = new Map<string, number>();
    for (const { author, source } of limited.prompts) {
      if (source === "customer") counts.set(author, (counts.get(author) ?? 0) + 1);
    }
    expect(Math.max(...counts.values())).toBe(3);
    expect(limited.hygiene.train.overLimit).toBeGreaterThan(100);
  });
});

describe("statistics", () => {
  test("annotations follow their rules", () => {
    const chat = of("rm", "train").find((one) => one.task.includes("what should i eat"));
    expect(chat?.annotations).toContain("requests advice");
    const polite = dataset.prompts.find((one) => one.task.startsWith("be polite and respectful"));
    expect(polite?.annotations).toContain("explicit safety constraint");
    const closed = dataset.prompts.find((one) => one.category === "closed-qa");
    expect(annotationsOf(scorable(closed!), closed!.prompt)).toContain("closed domain");
  });

  test("the clustered half width as statsmodels has it", () => {
    const values = [1, 1, 1, 0, 0, 0, 1, 0, 0];
    const authors = [0, 0, 0, 0, 1, 1, 2, 2, 2];
    const [template] = dataset.prompts;
    const prompts = values.map((_, i) => ({
      ...template!,
      id: String(i),
      author: String(authors[i]),
    }));
    const hit = ({ id }: { id: string }) => values[Number(id)] === 1;
    expect(clusteredHalf(prompts, hit)).toBeCloseTo((33.70326052 / 1.96) * Z95, 6);
  });

  test("the Markdown has every table and the paper's numbers", () => {
    const text = statisticsMarkdown(datasetStatistics(dataset));
    for (const table of [1, 6, 7, 8, 9, 10, 11]) expect(text).toContain(`Table ${table}`);
    for (const number of ["31,144", "27.96", "408 / 283", "26.3", "45.6", "88 / 39"]) {
      expect(text).toContain(number);
    }
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe("settings", () => {
  test("wrong ones are refused in one sentence", () => {
    expect(() => datasetConfig({ scale: 0 })).toThrow("scale is 0, expected a share above 0");
    expect(() => datasetConfig({ version: 9 })).toThrow("version is 9");
    expect(() => datasetConfig({ answers: [5, 4] })).toThrow("answers is [5,4]");
    const unknown = { seeed: 1 } as object;
    expect(() => datasetConfig(unknown)).toThrow('unknown setting "seeed"');
  });
});
