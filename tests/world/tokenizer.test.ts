// The tokenizer: fixed ids, round trips, rendering and text as people type it.
import { describe, expect, test } from "vitest";
import { corpusDocument } from "../../src/world/corpus.ts";
import { demonstration } from "../../src/world/prompts.ts";
import { Rng } from "../../src/world/rng.ts";
import { SPECIALS, UNK, buildTokenizer, render } from "../../src/world/tokenizer.ts";

const tokenizer = buildTokenizer();

test("specials have fixed ids and the words are sorted", () => {
  expect(tokenizer.vocabulary.slice(0, 6)).toEqual([...SPECIALS]);
  const words = tokenizer.vocabulary.slice(6);
  expect(words).toEqual([...words].sort((a, b) => (a < b ? -1 : 1)));
  expect(new Set(tokenizer.vocabulary).size).toBe(tokenizer.vocabulary.length);
});

test("a list that is no vocabulary is refused", () => {
  expect(() => buildTokenizer(["<pad>", "fox"])).toThrow('token 1 is "fox" but must be "<eos>"');
});

test("encode and decode are inverse; unknown words become <unk>", () => {
  const text = "once there was a little fox .";
  expect(tokenizer.decode(tokenizer.encode(text)).join(" ")).toBe(text);
  expect([...tokenizer.encode("a dragon")]).toEqual([tokenizer.encode("a")[0], UNK]);
  expect(() => tokenizer.decode([9999])).toThrow("id 9999 is outside the vocabulary");
  expect(tokenizer.encode("")).toHaveLength(0);
});

test("prompts and answers carry their specials", () => {
  expect(tokenizer.decode(tokenizer.encodePrompt("good night ."))).toEqual(
    "<eos> instruction: good night . <nl> response:".split(" "),
  );
  expect(tokenizer.decode(tokenizer.encodeResponse("sleep well ."))).toEqual(
    "sleep well . <eos>".split(" "),
  );
});

test("render restores capitals, names, glue and lines", () => {
  const shown = (text: string) => render(text.split(" "));
  expect(shown("oh no , i am sorry . how are you , mia ?")).toBe(
    "Oh no, I am sorry. How are you, Mia?",
  );
  expect(
    shown("<eos> instruction: tom says : good night . <nl> response: sleep well ! <eos>"),
  ).toBe("Instruction: Tom says: Good night.\nResponse: Sleep well!");
});

test("render then parse gives the tokens back for generated texts", () => {
  const rng = new Rng(31);
  for (let i = 0; i < 1500; i++) {
    const shown = demonstration(rng, "train");
    const text = i % 2 ? corpusDocument(rng) : `${shown.prompt} ${shown.response}`;
    const parsed = tokenizer.parse(render(text.split(" ")));
    expect(parsed.text).toBe(text);
    expect(parsed.unknown).toEqual([]);
  }
});

describe("typed text", () => {
  test("case, punctuation, spellings and numbers are brought home", () => {
    expect(tokenizer.parse("Write a story,about a GRAY fox!!").text).toBe(
      "write a story , about a grey fox ! !",
    );
    expect(tokenizer.parse("I'm sad; don’t laugh").text).toBe("i am sad , do not laugh");
    expect(tokenizer.parse("List 3 animals").text).toBe("list three animals");
    expect(tokenizer.parse("What color is a fox?\nGood night.").text).toBe(
      "what colour is a fox ? <nl> good night .",
    );
  });

  test("unknown words are reported with their place", () => {
    const typed = "Tell me about the Dragon-king, please";
    const { unknown, ids } = tokenizer.parse(typed);
    expect(unknown).toHaveLength(1);
    const [word] = unknown;
    expect(typed.slice(word?.start, word?.end)).toBe("Dragon-king");
    expect(ids[word?.token ?? 0]).toBe(UNK);
    expect(tokenizer.parse("   ").ids).toHaveLength(0);
    expect(tokenizer.parse("🦊 constructor").unknown.map((one) => one.word)).toEqual([
      "🦊",
      "constructor",
    ]);
  });
});
