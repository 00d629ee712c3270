// Prompts and demonstrations: Table 1 shares, disjoint splits, lengths, live prompts.
import { describe, expect, test } from "vitest";
import { HELD_OUT_FACTS, TEST_MYTHS, questionsFor } from "../../src/world/facts.ts";
import {
  CATEGORY_SHARES,
  MAX_PROMPT_WORDS,
  MAX_RESPONSE_TOKENS,
  demonstration,
  liveDemonstration,
  livePrompts,
  mythQuestions,
  promptOf,
} from "../../src/world/prompts.ts";
import type { Split } from "../../src/world/prompt-types.ts";
import { Rng } from "../../src/world/rng.ts";
import { COURTESY_CLOSINGS, COURTESY_OPENINGS } from "../../src/world/tables.ts";

function draw(split: Split, n: number, seed = 21) {
  const rng = new Rng(seed);
  return Array.from({ length: n }, () => demonstration(rng, split));
}

const training = draw("train", 4000);
const test1000 = draw("test", 1500, 22);

test("the same seed gives the same demonstrations", () => {
  expect(draw("train", 30)).toEqual(training.slice(0, 30));
});

test("use cases have the shares of Table 1 within 2 points", () => {
  for (const [category, share] of CATEGORY_SHARES) {
    const found = training.filter((one) => one.category === category).length / training.length;
    expect(Math.abs(100 * found - share), category).toBeLessThan(2);
  }
});

test("about 14 % open and 14 % close with a courtesy", () => {
  const rate = (test: (response: string) => boolean) =>
    training.filter((one) => test(one.response)).length / training.length;
  const opens = rate((text) => COURTESY_OPENINGS.some((phrase) => text.startsWith(phrase)));
  const closes = rate((text) => COURTESY_CLOSINGS.some((phrase) => text.endsWith(phrase)));
  for (const share of [opens, closes]) {
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.18);
  }
});

describe("splits", () => {
  const splits: readonly Split[] = ["train", "valid", "test", "held-out"];

  test("share no prompt with training", () => {
    const known = new Set(training.map((one) => one.prompt));
    for (const split of splits.slice(1)) {
      for (const one of draw(split, 800, 5)) expect(known.has(one.prompt), one.prompt).toBe(false);
    }
  });

  test("training prompts name no held-out hero and ask no held-out question", () => {
    const held = /\b(turtles?|goats?|crows?|ella)\b/;
    const asked = new Set([...HELD_OUT_FACTS, ...TEST_MYTHS].flatMap(questionsFor));
    const prompts = [...training.map((one) => one.prompt)];
    for (const one of livePrompts(1, 300, "train")) prompts.push(one.prompt);
    for (const one of draw("valid", 500)) prompts.push(one.prompt);
    for (const prompt of prompts) {
      expect(prompt).not.toMatch(held);
      expect(asked.has(prompt), prompt).toBe(false);
    }
  });

  test("half of the test stories have a held-out hero; test questions are held out", () => {
    const stories = test1000.filter((one) => one.family === "story");
    const unseen = stories.filter((one) => /\b(turtle|goat|crow|ella)\b/.test(one.prompt));
    // Half of the draws; the hash keeps a tenth of either half.
    expect(unseen.length / stories.length).toBeGreaterThan(0.3);
    expect(unseen.length / stories.length).toBeLessThan(0.7);
    for (const one of test1000) {
      if (one.gold.kind !== "question") continue;
      expect(HELD_OUT_FACTS.map((fact) => fact.key)).toContain(one.gold.fact.key);
    }
  });

  test("the twelve test myths are asked about", () => {
    expect(mythQuestions()).toHaveLength(12);
    expect(new Set(mythQuestions().map((one) => one.prompt)).size).toBe(12);
  });
});

test("prompts have at most 47 tokens and answers 36, courtesies included", () => {
  for (const one of [...training, ...test1000]) {
    expect(one.prompt.split(" ").length).toBeLessThanOrEqual(MAX_PROMPT_WORDS);
    expect(one.response.split(" ").length + 1).toBeLessThanOrEqual(MAX_RESPONSE_TOKENS);
  }
});

test("a prompt record carries no answer", () => {
  expect(promptOf(new Rng(2), "train")).not.toHaveProperty("response");
});

describe("live prompts", () => {
  test("are different, the same for a seed, and mix stories, descriptions and talk", () => {
    const prompts = livePrompts(4, 200);
    expect(livePrompts(4, 200)).toEqual(prompts);
    expect(new Set(prompts.map((one) => one.prompt)).size).toBe(200);
    const share = (family: string) => prompts.filter((one) => one.family === family).length / 200;
    expect(share("story")).toBeGreaterThan(0.4);
    expect(share("describe")).toBeGreaterThan(0.08);
    expect(share("chat")).toBeGreaterThan(0.18);
    expect(() => livePrompts(4, 5000, "held-out")).toThrow("different prompts, not the 5000");
  }, 60_000);

  test("have short answers with some variety", () => {
    const rng = new Rng(8);
    const lengths: number[] = [];
    const answers = new Set<string>();
    for (let i = 0; i < 600; i++) {
      const { response } = liveDemonstration(rng, "train");
      answers.add(response);
      lengths.push((response.match(/[a-z]+/g) ?? []).length);
    }
    lengths.sort((a, b) => a - b);
    expect(lengths[300]).toBeGreaterThanOrEqual(7);
    expect(lengths[300]).toBeLessThanOrEqual(12);
    expect(lengths[540]).toBeLessThanOrEqual(16);
    expect(answers.size).toBeGreaterThan(480);
  });
});
