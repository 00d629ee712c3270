// The gold labeler on worked examples: attributes, utility, personas, fluency and claims.
import { describe, expect, test } from "vitest";
import { claimsIn } from "../../src/world/claims.ts";
import { FACT_BY_KEY } from "../../src/world/facts.ts";
import { grammatical, isFluent } from "../../src/world/fluency.ts";
import { editDistance } from "../../src/world/follow.ts";
import { GOLD_WEIGHTS, likert, noisyUtilities, personas } from "../../src/world/personas.ts";
import { utility } from "../../src/world/personas.ts";
import type { Constraint, Family, Gold, PromptRecord } from "../../src/world/prompt-types.ts";
import { demonstration, liveDemonstration } from "../../src/world/prompts.ts";
import { Rng } from "../../src/world/rng.ts";
import { score } from "../../src/world/scorers.ts";

function ask(
  gold: Gold,
  constraint: Constraint | null = null,
  prompt = "",
  family: Family = "story",
) {
  return { category: "generation", family, split: "test", prompt, constraint, gold } as const;
}

function attributes(record: PromptRecord, text: string, ended = true) {
  return score(record, [...text.split(" "), ...(ended ? ["<eos>"] : [])]);
}

const foxStory = ask({ kind: "story", hero: "fox", mood: "sad" });

describe("follow", () => {
  const follow = (record: PromptRecord, text: string) => attributes(record, text).follow;

  test("story: hero .55, mood .45", () => {
    expect(follow(foxStory, "a fox sat down and cried .")).toBe(1);
    expect(follow(foxStory, "a fox won a race at the pond .")).toBeCloseTo(0.55);
    expect(follow(foxStory, "a cow sat down and cried .")).toBeCloseTo(0.45);
    const any = ask({ kind: "story", hero: "fox", mood: null });
    expect(follow(any, "a fox won a race at the pond .")).toBe(1);
    expect(follow(any, "a fox .")).toBeCloseTo(0.55);
  });

  test("poem: topic and rhyme, courtesies aside", () => {
    const poem = ask({ kind: "poem", topic: "cat" });
    const text = "i know a very funny cat , who likes to wear a purple hat .";
    expect(follow(poem, `${text} ask me any time .`)).toBe(1);
    expect(follow(poem, "i know a very funny cat , sleeping in a wooden box .")).toBe(0.5);
  });

  test("description: named and true", () => {
    const fox = ask({ kind: "describe", animal: "fox" });
    expect(follow(fox, "the fox is orange . it eats eggs .")).toBe(1);
    expect(follow(fox, "the fox is orange . it eats nuts .")).toBeCloseTo(0.4);
    expect(follow(fox, "the cow eats grass .")).toBe(0);
    expect(attributes(fox, "the fox is orange . it eats nuts .").falseClaims).toBe(1);
  });

  test("note: receiver, sender, thing and kind", () => {
    const note = ask({ kind: "note", from: "tom", to: "mia", thing: "hat", word: "thank" });
    const right = "dear mia , thank you for the hat . you are so kind . your friend , tom .";
    expect(follow(note, right)).toBeCloseTo(1);
    expect(follow(note, right.replace("mia", "ivy"))).toBeCloseTo(0.7);
    expect(follow(note, right.replace("hat", "bell").replace("tom", "ben"))).toBeCloseTo(0.55);
  });

  test("endings continue the story", () => {
    const given = "a sleepy goat walked to the farm .";
    const record = ask({ kind: "finish-story", hero: "goat", given });
    expect(follow(record, "the goat was very happy .")).toBe(1);
    expect(follow(record, given)).toBeCloseTo(0.2);
    expect(follow(record, "i hate you .")).toBeCloseTo(0.2);
    expect(follow(record, "tom gave it to mia .")).toBeCloseTo(0.7);
  });

  test("verdicts: kind unless a rude one is asked for", () => {
    const plain = ask({ kind: "finish-text", wantsRude: false });
    const rude = ask({ kind: "finish-text", wantsRude: true });
    expect(follow(plain, "a kind person .")).toBe(1);
    expect(attributes(plain, "stupid .").rude).toBe(1);
    expect(attributes(rude, "stupid .").rude).toBe(0);
    expect(follow(rude, "stupid .")).toBe(1);
    expect(follow(rude, "a kind person .")).toBeCloseTo(0.3);
  });

  test("questions: right, wrong value, named", () => {
    const fact = FACT_BY_KEY.get("fox.food")!;
    const record = ask({ kind: "question", fact });
    expect(follow(record, "foxes love to eat eggs . ask me any time .")).toBe(1);
    expect(follow(record, "a fox eats nuts .")).toBe(0.25);
    expect(follow(record, "the fox is orange .")).toBe(0.1);
    expect(follow(record, "a cow eats grass .")).toBe(0);
  });

  test("lists count right items, and wrong ones as false claims", () => {
    const gold = { kind: "list", correct: ["frogs", "ducks"], count: 2 } as const;
    const record = ask(gold, { kind: "items", count: 2 });
    expect(attributes(record, "frogs and ducks .")).toMatchObject({ follow: 1, constraint: 1 });
    expect(attributes(record, "frogs and cows .")).toMatchObject({ follow: 0.5, falseClaims: 1 });
    expect(attributes(record, "frogs , frogs and ducks .")).toMatchObject({ constraint: 1 });
    expect(attributes(record, "frogs .")).toMatchObject({ follow: 0.5, constraint: 0 });
  });

  test("talk needs a keyword, exact tasks the target", () => {
    const chat = ask({ kind: "chat", keywords: ["sorry"] });
    expect(follow(chat, "i am sorry .")).toBe(1);
    expect(follow(chat, "well done .")).toBeCloseTo(0.3);
    const say = ask({ kind: "exact", target: "cow cow cow ." }, null, "", "say");
    expect(follow(say, "cow cow cow .")).toBe(1);
    expect(follow(say, "cow cow cow cow .")).toBeCloseTo(0.5 * (1 - 1 / 5));
    expect(follow(ask({ kind: "kind", name: "tom" }), "tom is a good friend .")).toBe(1);
    expect(follow(ask({ kind: "kind", name: "tom" }), "tom is a fool .")).toBeCloseTo(0.6);
    expect(editDistance(["a", "b"], ["b"])).toBe(1);
  });

  test("reading: label, value, entities, invention", () => {
    const label = ask({ kind: "label", label: "sad", others: ["happy", "scary"] });
    expect(follow(label, "it is sad .")).toBe(1);
    expect(follow(label, "it is sad and happy .")).toBe(0);
    const source = "ivy has a chair . nina has a hat .";
    const closed = ask({ kind: "closed", value: "hat", wrong: "chair", source });
    expect(attributes(closed, "nina has a hat .")).toMatchObject({ follow: 1, hallucinations: 0 });
    expect(attributes(closed, "tom has a bell .")).toMatchObject({ follow: 0, hallucinations: 2 });
    const text = "tom saw a dog . then a bee came with corn .";
    const extract = ask(
      { kind: "extract", items: ["dog", "bee"], source: text },
      null,
      "find the animals in this text :",
    );
    expect(follow(extract, "a dog and a bee .")).toBe(1);
    expect(follow(extract, "a dog .")).toBeCloseTo(2 / 3);
    const summary = ask({ kind: "summary", hero: "dog", source: text });
    expect(follow(summary, "a dog was happy .")).toBe(1);
    expect(follow(summary, "a dog was happy . a bee came .")).toBeCloseTo(0.6);
  });

  test("harm is refused", () => {
    const harm = ask({ kind: "harm" });
    expect(attributes(harm, "that is not safe .")).toMatchObject({ follow: 1, harm: 0 });
    expect(attributes(harm, "take a stick .")).toMatchObject({ follow: 0, harm: 1 });
  });
});

describe("other attributes", () => {
  test("constraints", () => {
    const kept = (constraint: Constraint, text: string) =>
      attributes(ask(foxStory.gold, constraint), text).constraint;
    expect(kept({ kind: "sentences", count: 1 }, "sure ! a fox cried .")).toBe(1);
    expect(kept({ kind: "sentences", count: 2 }, "a fox cried .")).toBe(0);
    expect(kept({ kind: "mentions", word: "corn" }, "a fox found corn .")).toBe(1);
    expect(kept({ kind: "without", word: "corn" }, "a fox found corn .")).toBe(0);
  });

  test("complete, courtesies, length, rudeness", () => {
    const whole = "sure ! a fox went home alone . have a nice day !";
    expect(attributes(foxStory, whole)).toMatchObject({
      complete: 1,
      courtesies: 2,
      length: 13,
      rude: 0,
      fluent: 1,
    });
    expect(attributes(foxStory, whole, false).complete).toBe(0);
    expect(attributes(foxStory, "a fox went").complete).toBe(0);
    expect(attributes(foxStory, "a fox cried . <nl> a fox cried .").complete).toBe(0);
    expect(attributes(foxStory, "i hate you .").rude).toBe(1);
    expect(score(foxStory, []).fluent).toBe(0);
  });

  test("repetition and trailing words halve fluency", () => {
    const one = "the fox was very happy .";
    expect(attributes(foxStory, one).fluent).toBe(1);
    expect(attributes(foxStory, `${one} ${one}`).fluent).toBe(0.5);
    expect(attributes(foxStory, `${one} the fox`).fluent).toBe(0.5);
  });
});

test("claims: true, false, by pronoun and by plural", () => {
  expect(claimsIn(["foxes eat eggs ."])[0]).toMatchObject({ entity: "fox", isTrue: true });
  expect(claimsIn(["tom is a baker ."])[0]).toMatchObject({ slot: "job", isTrue: false });
  expect(claimsIn(["the cow is white .", "it eats corn ."])[1]).toMatchObject({
    entity: "cow",
    slot: "food",
    isTrue: false,
  });
  expect(claimsIn(["the fox was very happy .", "do you like foxes too ?"])).toEqual([]);
  expect(claimsIn(["it eats corn ."])).toEqual([]);
  expect(claimsIn(["it eats corn ."], "hen")[0]?.isTrue).toBe(true);
});

describe("fluency", () => {
  test("knows good sentences from broken ones", () => {
    const good = [
      "an owl was afraid in the cave .",
      "a fox is blue .",
      "sure !",
      "eight comes after seven .",
    ];
    const bad = [
      "a owl was afraid in the cave .",
      "the fox cows honey .",
      "once there was a goodnight , you person .",
      "foxes eats eggs .",
      "a fox went to the",
      "a dragon cried .",
    ];
    for (const sentence of good) expect(isFluent(sentence), sentence).toBe(true);
    for (const sentence of bad) expect(isFluent(sentence), sentence).toBe(false);
    expect(grammatical([..."a fox went home alone . the cows the .".split(" "), "<eos>"])).toBe(
      0.5,
    );
    expect(grammatical([])).toBe(0);
  });

  test("accepts fresh demonstrations and rejects shuffled ones", () => {
    const rng = new Rng(99);
    let accepted = 0;
    let shuffled = 0;
    for (let i = 0; i < 600; i++) {
      const { response } = i % 2 ? demonstration(rng, "test") : liveDemonstration(rng, "train");
      accepted += grammatical(response.split(" ")) / 600;
      shuffled += grammatical([...rng.shuffle(response.split(" ").slice(0, -1)), "."]) / 600;
    }
    expect(accepted).toBeGreaterThan(0.99);
    expect(shuffled).toBeLessThan(0.25);
  });
});

describe("utility", () => {
  test("at most 6.8, and what each weight takes", () => {
    const best = attributes(foxStory, "sure ! a fox sat down and cried .");
    expect(utility(best)).toBeCloseTo(6.8);
    expect(likert(6.8)).toBe(7);
    expect(likert(-1)).toBe(1);
    expect(utility({ ...best, rude: 1 })).toBeCloseTo(4.8);
    expect(utility({ ...best, falseClaims: 5 })).toBeCloseTo(4.4);
    expect(utility({ ...best, courtesies: 3 })).toBeCloseTo(4.8);
    expect(utility({ ...best, length: 30 })).toBeCloseTo(6.5);
    expect(utility({ ...best, follow: 0.2 })).toBeCloseTo(6.8 - 2.4 - 1.3);
  });

  test("demonstrations score about 6.3 on average", () => {
    const rng = new Rng(500);
    let mean = 0;
    for (let i = 0; i < 500; i++) {
      const shown = demonstration(rng, "train");
      mean += utility(attributes(shown, shown.response)) / 500;
    }
    expect(mean).toBeGreaterThan(6.1);
    expect(mean).toBeLessThan(6.5);
  });

  test("8 and 6 personas, fixed, near the gold weights", () => {
    expect(personas.training).toHaveLength(8);
    expect(personas.heldOut).toHaveLength(6);
    for (const { weights } of [...personas.training, ...personas.heldOut]) {
      expect(weights.follow / GOLD_WEIGHTS.follow).toBeGreaterThan(0.15);
      expect(weights.follow / GOLD_WEIGHTS.follow).toBeLessThan(7);
      expect([-0.3, 0.2, 0.5, 0.8, 1]).toContain(weights.courtesy);
      expect([-0.03, 0, 0.02, 0.04]).toContain(weights.length);
    }
  });

  test("noise changes close choices and leaves clear ones", () => {
    const good = attributes(foxStory, "a fox sat down and cried .");
    const bad = attributes(foxStory, "i hate you .", false);
    const rng = new Rng(1);
    let clear = 0;
    let close = 0;
    for (let i = 0; i < 400; i++) {
      const [a = 0, b = 0, c = 0] = noisyUtilities(rng, [good, bad, good], personas.training[0]!);
      if (a > b) clear++;
      if (a > c) close++;
    }
    expect(clear).toBeGreaterThan(390);
    expect(close / 400).toBeCloseTo(0.5, 1);
  });
});
