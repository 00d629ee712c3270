// Labelers: guidelines, ties, screening, labels, and agreement at the paper's level.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { calibrationPrompts } from "../../../scripts/dataset.ts";
import { agreement } from "../../../src/evaluation/index.ts";
import { LABELS } from "../../../src/formats/records.ts";
import {
  LABEL_NAMES,
  buildDataset,
  candidates,
  heldOutLabelers,
  labelerGroups,
  labelsOf,
  rankPrompts,
  ranksOf,
  ratedSets,
  screenedLabelers,
  tickedLabels,
  toxicity,
  utilityUnder,
  verdictOf,
} from "../../../src/world/dataset/index.ts";
import type { DataPrompt, Verdict } from "../../../src/world/dataset/index.ts";
import { GOLD_WEIGHTS, Rng, personas, utility } from "../../../src/world/index.ts";

const fixture = new URL("../../fixtures/world/sft-samples.json", import.meta.url);
const samples = JSON.parse(readFileSync(fixture, "utf8")) as { task: string; answers: string[] }[];
const prompts = calibrationPrompts();

/** Verdicts on 1 500 answers that the shipped SFT model gave to 320 prompts. */
const sets = prompts
  .map((one, i) => samples[i]!.answers.map((text) => verdictOf(one, text.split(" "))))
  .filter((set) => set.length > 1);

const { training, heldOut } = labelerGroups();

describe("agreement", () => {
  test("the samples belong to the prompts", () => {
    expect(samples.map((one) => one.task)).toEqual(prompts.map((one) => one.task));
    expect(sets.length).toBeGreaterThan(300);
  });

  // Draws of raters and noise that the calibration did not use; the paper's half width on top of
  // that of 310 prompts.
  test("training labelers agree as the paper's do: 72.6 %", () => {
    const found = agreement(ratedSets(new Rng(51), sets, training, "training", 10));
    expect(Math.abs(100 * found.decided.value - 72.6)).toBeLessThan(1.5);
    expect(found.decided.high - found.decided.low).toBeLessThan(0.05);
  });

  test("held-out labelers agree as the paper's do: 77.3 %", () => {
    const found = agreement(ratedSets(new Rng(52), sets, heldOut, "training", 10));
    expect(Math.abs(100 * found.decided.value - 77.3)).toBeLessThan(1.3);
  });

  test("without noise they would agree far more often", () => {
    const calm = training.map((one) => ({ ...one, noise: 0 }));
    const found = agreement(ratedSets(new Rng(51), sets, calm, "training", 4), 100);
    expect(found.decided.value).toBeGreaterThan(0.95);
  });
});

describe("groups", () => {
  test("40 of 60 candidates pass, the best in order, named anew", () => {
    const { labelers, scores } = screenedLabelers();
    expect([labelers.length, scores.length]).toEqual([40, 60]);
    const agreements = scores.map((one) => one.agreement);
    expect(agreements.toSorted((a, b) => b - a)).toEqual(agreements);
    expect(labelers[0]?.weights).toEqual(
      candidates().find((one) => one.name === scores[0]?.name)?.weights,
    );
  });

  test("no held-out labeler is a training labeler or a persona of the page", () => {
    expect(heldOutLabelers()).toHaveLength(12);
    const seen = [...training, ...personas.training, ...personas.heldOut].map((one) =>
      JSON.stringify(one.weights),
    );
    for (const one of heldOut) expect(seen).not.toContain(JSON.stringify(one.weights));
  });
});

const verdict: Verdict = {
  follow: 1,
  constraint: 1,
  fluent: 1,
  complete: 1,
  falseClaims: 0,
  hallucinations: 0,
  rude: 0,
  harm: 0,
  courtesies: 0,
  length: 10,
  toxicity: 0,
};

describe("guidelines", () => {
  test("a perfect answer is worth the same under both", () => {
    expect(utilityUnder("training", verdict)).toBeCloseTo(utility(verdict));
    expect(utilityUnder("evaluation", verdict)).toBeCloseTo(6.3);
  });

  test("untruth and harm weigh half in training, twice in evaluation", () => {
    const untrue = { ...verdict, falseClaims: 1, hallucinations: 1 };
    const cost = GOLD_WEIGHTS.falseClaims + GOLD_WEIGHTS.hallucinations;
    expect(6.3 - utilityUnder("training", untrue)).toBeCloseTo(0.5 * cost);
    expect(6.3 - utilityUnder("evaluation", untrue)).toBeCloseTo(2 * cost);
  });

  test("a rude line that was asked for is welcome in training only", () => {
    const rude = { ...verdict, toxicity: 2 as const };
    const kind = { ...verdict, follow: 0.3 };
    expect(utilityUnder("training", rude)).toBeGreaterThan(utilityUnder("training", kind));
    expect(utilityUnder("evaluation", rude)).toBeLessThan(utilityUnder("evaluation", kind));
  });
});

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
    const closed = find((one) => one.category === "closed-qa");
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
