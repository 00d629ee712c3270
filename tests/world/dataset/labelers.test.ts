// Labelers: guidelines, screening, and agreement at the paper's level.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { calibrationPrompts } from "../../../scripts/dataset-statement.ts";
import { agreement } from "../../../src/evaluation/index.ts";
import {
  candidates,
  heldOutLabelers,
  labelerGroups,
  ratedSets,
  screenedLabelers,
  utilityUnder,
  verdictOf,
} from "../../../src/world/dataset/index.ts";
import type { Verdict } from "../../../src/world/dataset/index.ts";
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
