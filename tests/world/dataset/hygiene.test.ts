// Hygiene: no prompt twice or with a long common prefix, none too long, personal or foreign.
import { describe, expect, test } from "vitest";
import {
  PrefixFilter,
  buildDataset,
  isForeign,
  isPersonal,
} from "../../../src/world/dataset/index.ts";

const dataset = buildDataset({ scale: 0.03, seed: 12 });

describe("hygiene", () => {
  test("no prompt twice, none too long, none personal in training", () => {
    const prompts = dataset.prompts.map((one) => one.prompt);
    expect(new Set(prompts).size).toBe(prompts.length);
    expect(Math.max(...prompts.map((one) => one.split(" ").length))).toBeLessThanOrEqual(56);
    expect(dataset.prompts.some((one) => one.part === "train" && isPersonal(one.prompt))).toBe(
      false,
    );
    // The filter has something to do: other parts keep such prompts.
    expect(dataset.prompts.some((one) => isPersonal(one.prompt))).toBe(true);
    expect(dataset.hygiene.train.personal).toBeGreaterThan(10);
    const { drawn, tooLong, foreign, duplicates, personal, kept } = dataset.hygiene.train;
    expect(tooLong + foreign + duplicates + personal + kept).toBe(drawn);
  });

  test("no pair of prompts shares a long prefix", () => {
    const sorted = dataset.prompts
      .map((one) => one.prompt.split(" "))
      .sort((a, b) => (a.join(" ") < b.join(" ") ? -1 : 1));
    // Sorted neighbours share the longest prefixes there are.
    for (const [i, words] of sorted.slice(1).entries()) {
      const before = sorted[i]!;
      let shared = 0;
      while (shared < words.length && words[shared] === before[shared]) shared++;
      const long = Math.max(10, Math.ceil(0.8 * Math.max(words.length, before.length)));
      expect(shared, words.join(" ")).toBeLessThan(long);
    }
  });

  test("the prefix filter on worked cases", () => {
    const filter = new PrefixFilter(0.8);
    const words = (n: number, tail = "") =>
      [...Array.from({ length: n }, (_, i) => `w${i}`), ...tail.split(" ")].join(" ").trim();
    expect(filter.accept(words(12))).toBe(true);
    expect(filter.accept(words(12, "x y z"))).toBe(false); // 12 of 15 words are shared: 80 %
    expect(filter.accept(words(12, "x y z v"))).toBe(true); // 12 of 16
    expect(filter.accept(words(10, "x y"))).toBe(false); // 10 of 12
    expect(filter.accept(words(9))).toBe(true); // shorter than a long prefix
    expect(filter.accept(words(9))).toBe(false); // but not twice
    expect(filter.accept(words(8, "x"))).toBe(true);
  });

  test("foreign words and personal data are seen", () => {
    expect(isForeign("write a story about a zebra .")).toBe(true);
    expect(isForeign("write a story about a fox .")).toBe(false);
    expect(isPersonal("my name is tom . write a poem about the sea .")).toBe(true);
    expect(isPersonal("i am ella and i live in the sea . good night .")).toBe(true);
    expect(isPersonal("tom says : i am hungry .")).toBe(false);
  });
});
