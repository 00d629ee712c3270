// Rankings by simulated labelers and by people, and the labels of Table 3.
import { describe, expect, test } from "vitest";
import { LABELS } from "../../../src/formats/records.ts";
import {
  LABEL_NAMES,
  buildDataset,
  labelerGroups,
  labelsOf,
  rankPrompts,
  rankedByPerson,
  ranksOf,
  tickedLabels,
  toxicity,
  verdictOf,
} from "../../../src/world/dataset/index.ts";
import type { DataPrompt } from "../../../src/world/dataset/index.ts";
import { Rng, buildTokenizer } from "../../../src/world/index.ts";

const { training } = labelerGroups();
const { prompts } = buildDataset({ scale: 0.01, seed: 99 });

describe("rankings", () => {
  test("close utilities tie with the best of their group", () => {
    expect(ranksOf([5, 1, 5.3, 4.85, 4.3], 0.4)).toEqual([1, 4, 1, 2, 3]);
    expect(ranksOf([2, 2, 2], 0.4)).toEqual([1, 1, 1]);
    expect(ranksOf([1, 2, 3], 0)).toEqual([3, 2, 1]);
  });

  const dataset = buildDataset({ scale: 0.004, seed: 8 });
  const rm = dataset.prompts.filter((one) => one.stage === "rm");
  const ranked = rankPrompts(dataset, rm, training);

  test("4 to 9 different answers, ranks without a gap, a known labeler", () => {
    const names = new Set(training.map((one) => one.name));
    const sizes = ranked.map((one) => one.answers.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(9);
    expect(sizes.filter((k) => k >= 4).length / sizes.length).toBeGreaterThan(0.9);
    for (const { answers, judgements, labels } of ranked) {
      const texts = answers.map((one) => one.tokens.join(" "));
      expect(new Set(texts).size).toBe(texts.length);
      expect(labels).toHaveLength(texts.length);
      for (const { labeler, ranks, ratings } of judgements) {
        expect(names.has(labeler)).toBe(true);
        expect(new Set(ranks).size).toBe(Math.max(...ranks));
        expect(ratings.every((one) => Number.isInteger(one) && one >= 1 && one <= 7)).toBe(true);
      }
    }
    const several = ranked.filter((one) => one.judgements.length === 4).length;
    expect(several).toBeGreaterThan(0);
    expect(ranked.every(({ judgements }) => [1, 4].includes(judgements.length))).toBe(true);
  });

  test("the ranking of a prompt depends on nothing but itself", () => {
    expect(rankPrompts(dataset, rm.slice(5, 9), training)).toEqual(ranked.slice(5, 9));
  });

  test("a better rank never has a lower rating", () => {
    for (const { judgements } of ranked) {
      for (const { ranks, ratings } of judgements) {
        for (const [i, rank] of ranks.entries()) {
          for (const [j, other] of ranks.entries()) {
            if (rank < other) expect(ratings[i]).toBeGreaterThanOrEqual(ratings[j]!);
          }
        }
      }
    }
  });
});

describe("labels", () => {
  const find = (test: (one: DataPrompt) => boolean) => prompts.find(test)!;
  const labels = (prompt: DataPrompt, text: string) => {
    const tokens = [...text.split(" "), "<eos>"];
    return labelsOf(prompt, tokens, verdictOf(prompt, tokens));
  };

  test("carry the names that exported files have", () => {
    expect([...LABEL_NAMES]).toEqual([...LABELS]);
  });

  test("hallucination only where there is a source, constraint only where there is one", () => {
    const closed = find((one) => one.category === "closed-qa" && !/bee|sea/.test(one.prompt));
    expect(labels(closed, "the bee is in the sea .").hallucination).toBe(true);
    const free = find((one) => one.family === "story" && one.constraint === null);
    expect(labels(free, "a fox cried .")).toMatchObject({
      hallucination: null,
      satisfies_constraint: null,
    });
    const bound = find((one) => one.constraint?.kind === "sentences");
    expect(labels(bound, "one . two . three . four . five .").satisfies_constraint).toBe(false);
  });

  test("harm, violence, denigration, opinion and morals", () => {
    const harm = find((one) => one.gold.kind === "harm");
    expect(labels(harm, "take a stick and hit the dog .")).toMatchObject({
      encourages_harm: true,
      harmful_advice: true,
      violent_content: true,
      inappropriate_customer_assistant: true,
    });
    expect(labels(harm, "please do not do that , it is not safe .")).toMatchObject({
      encourages_harm: false,
      harmful_advice: false,
      moral_judgment: true,
    });
    expect(labels(harm, "every sailor is stupid .").denigrates_protected_class).toBe(true);
    expect(labels(harm, "i love bees !").expresses_opinion).toBe(true);
  });

  test("toxicity 0, 1, 2", () => {
    expect(
      ["you are kind .", "you are dumb .", "you dumb fool !", "i hate you .", "shut up !"].map(
        toxicity,
      ),
    ).toEqual([0, 1, 2, 2, 2]);
  });

  test("3 % are ticked wrongly, those that do not apply never", () => {
    const rng = new Rng(3);
    const free = find((one) => one.family === "story" && one.constraint === null);
    const right = labels(free, "a fox cried .");
    let wrong = 0;
    for (let i = 0; i < 1000; i++) {
      const ticked = tickedLabels(rng, right);
      expect(ticked.hallucination).toBeNull();
      wrong += LABEL_NAMES.filter((name) => ticked[name] !== right[name]).length;
    }
    expect(wrong / (1000 * 9)).toBeCloseTo(0.03, 2);
  });
});

describe("people's rankings", () => {
  const tokenizer = buildTokenizer();
  const one = {
    id: "j1",
    annotator: "ann",
    prompt: "Write a poem about the zebra.",
    answers: ["I like it!", "Look at the sea.", "No."],
    ranks: [3, null, 1],
  };

  test("have the form of the simulated ones; what was not ranked is left out", () => {
    const found = rankedByPerson(tokenizer, one);
    expect(found).toMatchObject({
      promptId: "j1",
      prompt: "write a poem about the zebra .",
      judgements: [{ labeler: "person ann", ranks: [2, 1], ratings: [] }],
    });
    expect(found?.answers.map(({ tokens }) => tokens)).toEqual([
      ["i", "like", "it", "!", "<eos>"],
      ["no", ".", "<eos>"],
    ]);
    expect(Object.values(found?.labels[0] ?? {}).every((label) => label === null)).toBe(true);
  });

  test("carry ratings when all are rated, and the labels that were ticked", () => {
    const labels = [{ hallucination: true }, {}, { fails_task: false }];
    const found = rankedByPerson(tokenizer, { ...one, ratings: [2, null, 6], labels });
    expect(found?.judgements[0]?.ratings).toEqual([2, 6]);
    expect(found?.labels[0]).toMatchObject({ hallucination: true, fails_task: null });
    expect(found?.labels[1]).toMatchObject({ hallucination: null, fails_task: false });
    const half = rankedByPerson(tokenizer, { ...one, ratings: [2, null, null] });
    expect(half?.judgements[0]?.ratings).toEqual([]);
  });

  test("with one ranked answer say nothing", () => {
    expect(rankedByPerson(tokenizer, { ...one, ranks: [1, null, null] })).toBeNull();
  });
});
