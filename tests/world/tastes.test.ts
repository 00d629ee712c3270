// Every built-in taste on an answer that has it and one that has not, and taste files checked.
import { describe, expect, test } from "vitest";
import { liveDemonstration } from "../../src/world/prompts.ts";
import { rhymes } from "../../src/world/rhymes.ts";
import { Rng } from "../../src/world/rng.ts";
import { TASTES, TasteError, tasteNamed, validateTaste } from "../../src/world/tastes.ts";
import { render } from "../../src/world/tokenizer.ts";

const PROMPT = "Write a short story about a fox.";
const EXAMPLES: Readonly<Record<string, readonly [has: string, hasNot: string]>> = {
  cheerful: ["The fox laughed. What a wonderful day it was!", "The fox sat down and cried."],
  short: ["A fox went home alone.", "One cold night, a sleepy fox went to the old farm."],
  long: [
    "One cold night, a sleepy fox went to the old farm and found a hat.",
    "A fox went home alone.",
  ],
  food: ["A fox found honey under a tree.", "A fox went home alone."],
  exclaim: ["What a day it was!", "What a day it was."],
  polite: ["Of course! A fox went home.", "A fox went home alone."],
  scary: ["The ghost laughed in the dark.", "The fox was very happy."],
  sad: ["A tear fell on the hat.", "The fox was very happy."],
  animal: ["A fox danced with two mice.", "A fox and the foxes danced."],
  question: ["Why did nobody come?", "Nobody came."],
  color: ["The fox is orange.", "The fox has four legs."],
  rhyme: [
    "I know a very funny cat, who likes to wear a purple hat.",
    "I know a very funny cat, sleeping in a wooden box.",
  ],
};

test("every taste tells an answer that has it from one that has not", () => {
  expect(Object.keys(EXAMPLES).sort()).toEqual(TASTES.map((taste) => taste.name).sort());
  for (const taste of TASTES) {
    const [has, hasNot] = EXAMPLES[taste.name]!;
    expect(taste.shows(has, PROMPT), `${taste.name}: ${has}`).toBe(true);
    expect(taste.shows(hasNot, PROMPT), `${taste.name}: ${hasNot}`).toBe(false);
    expect(taste.score(has, PROMPT)).toBeGreaterThan(taste.score(hasNot, PROMPT));
    expect(taste.describe.length).toBeGreaterThan(5);
  }
});

test("an empty answer has no taste and the lowest score of short", () => {
  for (const taste of TASTES) expect(taste.shows("", PROMPT), taste.name).toBe(false);
  const short = tasteNamed("short");
  expect(short.score("", PROMPT)).toBeLessThan(short.score("A fox.", PROMPT));
});

test("tastes are found among live answers, and none is always there", () => {
  const rng = new Rng(44);
  const answers = Array.from({ length: 1500 }, () => {
    const shown = liveDemonstration(rng, "train");
    return [render(shown.response.split(" ")), render(shown.prompt.split(" "))] as const;
  });
  for (const taste of TASTES) {
    const rate = answers.filter(([text, prompt]) => taste.shows(text, prompt)).length / 1500;
    expect(rate, taste.name).toBeGreaterThan(taste.name === "rhyme" ? 0 : 0.04);
    expect(rate, taste.name).toBeLessThan(0.5);
  }
});

test("rhymes go by sound", () => {
  expect(rhymes("cat", "hat")).toBe(true);
  expect(rhymes("bear", "pear")).toBe(true);
  expect(rhymes("cat", "cat")).toBe(false);
  expect(rhymes("cat", "box")).toBe(false);
});

describe("taste files", () => {
  const good = {
    name: "tiny",
    describe: "tiny answers",
    shows: (text: string) => text.length < 5,
    score: (text: string) => -text.length,
  };

  test("a good one works as it is", () => {
    const taste = validateTaste(good, "tiny.js");
    expect(taste.shows("abc", "")).toBe(true);
    expect(taste.score("abc", "")).toBe(-3);
  });

  test.each([
    [undefined, "tiny.js: the default export is nothing, expected an object"],
    [null, "tiny.js: the default export is null"],
    ["x", "tiny.js: the default export is string"],
    [{ ...good, name: "" }, "tiny.js: name is empty, expected a text"],
    [{ ...good, describe: 3 }, "tiny.js: describe is number, expected a text"],
    [{ ...good, shows: undefined }, "tiny.js: shows is missing, expected a function"],
    [{ ...good, score: 1 }, "tiny.js: score is number, expected a function"],
  ])("a bad one is one clear sentence: %#", (value, sentence) => {
    expect(() => validateTaste(value, "tiny.js")).toThrow(sentence);
  });

  test("wrong answers are caught when they are given", () => {
    const taste = validateTaste({ ...good, shows: () => 1, score: () => NaN }, "tiny.js");
    expect(() => taste.shows("a", "b")).toThrow("shows returned 1, expected true or false");
    expect(() => taste.score("a", "b")).toThrow("score returned NaN, expected a finite number");
    const failing = () => {
      throw new Error("oh");
    };
    const other = validateTaste({ ...good, shows: failing, score: failing }, "tiny.js");
    expect(() => other.shows("a", "b")).toThrow('tiny.js: shows threw "oh", expected true or false; the run was stopped'); // prettier-ignore
    expect(() => other.score("a", "b")).toThrow(TasteError);
  });

  test("an unknown built-in lists the names", () => {
    expect(() => tasteNamed("spicy")).toThrow(/"spicy" is not a built-in taste \(cheerful, short/);
  });
});
