// A prompt of one's own: what the model cannot read is struck through, and a prompt of which little is left is not asked.
import { expect, test } from "vitest";
import { checkPrompt, knownWords } from "../../src/state/own-prompt.ts";

const unread = async (typed: string): Promise<string[]> =>
  (await checkPrompt(typed)).parts.filter(({ known }) => !known).map(({ text }) => text);

test("a prompt of known words is asked as it is", async () => {
  expect(await checkPrompt("Tell me about the fox.")).toMatchObject({ usable: true, sentence: "" });
  expect(await unread("Tell me about the fox.")).toEqual([]);
});

test("a few unknown words are struck through, and the rest is asked", async () => {
  const found = await checkPrompt("Tell me about the purple dragon.");
  expect(await unread("Tell me about the purple dragon.")).toEqual(["dragon"]);
  expect(found.usable).toBe(true);
  expect(found.sentence).toContain("will not see them");
  expect(found.parts.map(({ text }) => text).join("")).toBe("Tell me about the purple dragon.");
});

test("a prompt of which most is unknown is not asked", async () => {
  const found = await checkPrompt("Explain quantum physics to Donald Trump");
  expect(found.usable).toBe(false);
  expect(found.sentence).toBe(
    "The model knows only 1 of these 6 words and would answer something else, so nothing was asked.",
  );
  expect((await checkPrompt("quantum physics")).sentence).toContain("none of these words");
  expect((await checkPrompt("the ".repeat(44))).sentence).toContain("at most 43");
  expect(await checkPrompt("  ")).toMatchObject({ usable: false, sentence: "" });
});

test("the words that it knows are words, each once, and what people type of them is known", async () => {
  const words = await knownWords();
  expect(words.length).toBeGreaterThan(400);
  expect(new Set(words).size).toBe(words.length);
  expect(words).toEqual(words.toSorted());
  expect(words).toContain("fox");
  expect(words.filter((word) => /[<>:.,?!\d]/.test(word))).toEqual([]);
  expect((await checkPrompt(words.slice(0, 20).join(" "))).sentence).toBe("");
});
