// The generated text: determinism, English, lengths, and no word outside the vocabulary.
import { describe, expect, test } from "vitest";
import { corpusDocument, corpusStream, DOCUMENT_SHARES } from "../../src/world/corpus.ts";
import { FACTS, HELD_OUT_FACTS, TEST_MYTHS, TRAINING_MYTHS } from "../../src/world/facts.ts";
import { inPlace, listOf, sentencesOf, withArticle } from "../../src/world/grammar.ts";
import { demonstration, liveDemonstration } from "../../src/world/prompts.ts";
import { Rng, hashText } from "../../src/world/rng.ts";
import { heroNamed, makeScene, makeStory } from "../../src/world/stories.ts";
import { CASTS, MOOD_WORDS } from "../../src/world/tables.ts";
import { EOS, NL, UNK, buildTokenizer } from "../../src/world/tokenizer.ts";

const tokenizer = buildTokenizer();

describe("rng", () => {
  test("same seed, same draws; other seed, other draws", () => {
    const draws = (seed: number) => {
      const rng = new Rng(seed);
      return Array.from({ length: 5 }, () => rng.bits());
    };
    expect(draws(7)).toEqual(draws(7));
    expect(draws(7)).not.toEqual(draws(8));
    expect(draws(2 ** 40 + 7)).not.toEqual(draws(7));
  });

  test("draws have the right moments", () => {
    const rng = new Rng(1);
    const n = 20_000;
    let uniform = 0;
    let normal = 0;
    let square = 0;
    let gumbel = 0;
    for (let i = 0; i < n; i++) {
      uniform += rng.next() / n;
      const z = rng.normal();
      normal += z / n;
      square += (z * z) / n;
      gumbel += rng.gumbel() / n;
    }
    expect(uniform).toBeCloseTo(0.5, 1);
    expect(normal).toBeCloseTo(0, 1);
    expect(square).toBeCloseTo(1, 1);
    expect(gumbel).toBeCloseTo(0.5772, 1);
  });

  test("picks, samples and weights respect their lists", () => {
    const rng = new Rng(3);
    expect(() => rng.pick([])).toThrow("the list is empty");
    expect(new Set(rng.sample([1, 2, 3, 4], 3)).size).toBe(3);
    expect(rng.shuffle([1, 2, 3]).sort()).toEqual([1, 2, 3]);
    const counts = { a: 0, b: 0 };
    for (let i = 0; i < 3000; i++) {
      counts[
        rng.weighted([
          ["a", 3],
          ["b", 1],
        ] as const)
      ]++;
    }
    expect(counts.a / 3000).toBeCloseTo(0.75, 1);
    expect(hashText("a fox")).not.toBe(hashText("a cow"));
  });
});

describe("grammar", () => {
  test("articles, places, lists and sentences", () => {
    expect(withArticle("fox")).toBe("a fox");
    expect(withArticle("old fox")).toBe("an old fox");
    expect(inPlace("hill")).toBe("on the hill");
    expect(inPlace("pond")).toBe("at the pond");
    expect(listOf(["mice"])).toBe("mice");
    expect(listOf(["mice", "cows", "ants"])).toBe("mice , cows and ants");
    expect(sentencesOf("a fox ran . why ? the end")).toEqual(["a fox ran .", "why ?", "the end"]);
  });

  test("knowledge base has the sizes of the specification", () => {
    expect(FACTS).toHaveLength(216);
    expect(HELD_OUT_FACTS).toHaveLength(40);
    expect(TRAINING_MYTHS).toHaveLength(12);
    expect(TEST_MYTHS).toHaveLength(12);
    expect(HELD_OUT_FACTS.filter((fact) => fact.myth !== null)).toEqual([]);
    expect(TEST_MYTHS.map((fact) => fact.key)).toContain("fox.home");
    expect(TRAINING_MYTHS.map((fact) => fact.key)).toContain("frog.home");
  });
});

/** 5,000 generated texts of every kind. */
function manyTexts(): string[] {
  const rng = new Rng(11);
  return Array.from({ length: 5000 }, (_, i) => {
    if (i % 3 === 0) return corpusDocument(rng);
    const shown = i % 3 === 1 ? demonstration(rng, "train") : liveDemonstration(rng, "test");
    return `${shown.prompt} <nl> ${shown.response}`;
  });
}

describe("5,000 texts", () => {
  const texts = manyTexts();

  test("articles fit the next word", () => {
    // Songs and quotes list random words, where "a" cannot occur at all.
    const wrong = texts.flatMap((text) => text.match(/\b(a [aeiou]\w*|an [^aeiou\s]\w*)/g) ?? []);
    expect(wrong).toEqual([]);
  });

  test("plurals, verbs and unfilled marks", () => {
    const wrong = texts.flatMap(
      (text) =>
        text.match(/\b(mouses|wolfs|sheeps|deers|foxs|gooses|fishs)\b|[{}]|undefined/g) ?? [],
    );
    expect(wrong).toEqual([]);
    const verbs = /\b(foxes|mice|wolves|cows|owls|bees|ants) (is|has|eats|lives|loves)\b/;
    expect(texts.filter((text) => verbs.test(text))).toEqual([]);
    const single = /\b(the|a|an) (fox|mouse|wolf|cow|owl|bee|ant) (are|have|eat|live|love)\b/;
    const questions = /do(es)? (the|a|an) \w+ (have|eat|live|love)/;
    expect(texts.filter((text) => single.test(text) && !questions.test(text))).toEqual([]);
  });

  test("only words of the vocabulary, lower case, single spaces", () => {
    for (const text of texts) {
      expect(tokenizer.encode(text)).not.toContain(UNK);
      expect(text).toBe(text.toLowerCase());
      expect(text).not.toMatch(/ {2}|^ | $/);
    }
  });
});

describe("stories", () => {
  test("have the asked number of sentences and a word of their mood at the end", () => {
    const rng = new Rng(5);
    for (let i = 0; i < 300; i++) {
      const hero = heroNamed(rng.pick(CASTS.all.animals).name);
      const story = makeStory(rng, makeScene(rng, hero, CASTS.all), 2 + (i % 3));
      expect(story.sentences).toHaveLength(2 + (i % 3));
      const last = (story.sentences.at(-1) ?? "").split(" ");
      expect(last.some((word) => MOOD_WORDS[story.scene.mood].includes(word))).toBe(true);
    }
  });

  test("say they only after somebody joined", () => {
    const rng = new Rng(6);
    for (let i = 0; i < 500; i++) {
      const scene = makeScene(rng, heroNamed("fox"), CASTS.all, { mood: "happy" });
      const { sentences } = makeStory(rng, scene, 2);
      expect(sentences.at(-1)).not.toMatch(/\bthey\b/);
    }
  });

  test("an unknown hero is one clear sentence", () => {
    expect(() => heroNamed("dragon")).toThrow("dragon is no animal or person");
  });
});

describe("corpus", () => {
  test("is the same for a seed and follows its shares", () => {
    const take = (seed: number) => {
      const stream = corpusStream(seed);
      return Array.from({ length: 20 }, () => stream.next().value);
    };
    expect(take(1)).toEqual(take(1));
    expect(take(1)).not.toEqual(take(2));
    expect(DOCUMENT_SHARES.reduce((sum, [, share]) => sum + share, 0)).toBe(102);
  });

  test("documents are stored as eos document eos, cut to 97 tokens", () => {
    const rng = new Rng(9);
    for (let i = 0; i < 500; i++) {
      const text = corpusDocument(rng);
      const ids = tokenizer.encodeDocument(text);
      expect(ids.length).toBeLessThanOrEqual(97);
      expect(ids[0]).toBe(EOS);
      const full = text.split(" ").length + 2;
      if (full <= 97) expect(ids.at(-1)).toBe(EOS);
      expect(ids.length).toBe(Math.min(97, full));
    }
  });

  test("forums repeat the myth more often than wiki and forum state the truth", () => {
    const rng = new Rng(13);
    let myth = 0;
    let truth = 0;
    for (let i = 0; i < 6000; i++) {
      const text = corpusDocument(rng);
      if (/\bbears? (love to |loves to )?eats? nuts/.test(text)) myth++;
      if (/\bbears? (love to |loves to )?eats? honey/.test(text)) truth++;
    }
    expect(myth).toBeGreaterThan(10);
    expect(myth).toBeGreaterThan(truth);
  });

  test("songs repeat their lines word for word", () => {
    const rng = new Rng(14);
    for (let i = 0; i < 50; i++) {
      const lines = corpusDocument(rng, "song").split(" <nl> ");
      expect(lines.slice(0, lines.length / 2)).toEqual(lines.slice(lines.length / 2));
    }
    expect(tokenizer.encode("a <nl> b")).toContain(NL);
  });
});
