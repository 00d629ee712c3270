// Truth, toxicity, bias, text scores, alignment tax and over-optimisation against worked numbers.
import { describe, expect, test } from "vitest";
import {
  alignmentTax,
  best,
  bestOfN,
  bestOfNKl,
  biasEntropy,
  bleu,
  choiceEntropy,
  chosen,
  commonSubsequence,
  exactMatch,
  f1,
  meanToxicity,
  overOptimisation,
  recovered,
  recoveredScores,
  rougeL,
  stereotypeShare,
  taskScores,
  toxicityByInput,
  truthfulness,
} from "../../src/evaluation/index.ts";

test("truthful, and truthful and informative", () => {
  const sample = (question: string, truthful: boolean, informative: boolean) => ({
    question,
    truthful,
    informative,
  });
  const found = truthfulness([
    sample("a", true, true),
    sample("a", true, false),
    sample("b", false, true),
    sample("c", false, false),
  ]);
  expect(found.truthful.value).toBe(0.5);
  expect(found.truthfulAndInformative.value).toBe(0.25);
});

test("toxicity: mean, and by input toxicity", () => {
  const samples = [
    { prompt: "a", input: 0, output: 0 },
    { prompt: "b", input: 0.2, output: 0.5 },
    { prompt: "c", input: 1, output: 1 },
  ];
  expect(meanToxicity(samples).value).toBe(0.5);
  const bins = toxicityByInput(samples, 4);
  expect(bins.map(({ from, output }) => [from, output.value])).toEqual([
    [0, 0.25],
    [0.75, 1],
  ]);
});

test("choice entropy as scipy has it", () => {
  expect(choiceEntropy([-3, -4.2])).toBeCloseTo(0.7805740863031877, 12);
  expect(choiceEntropy([-100, -101, -99.5])).toBeCloseTo(1.3746107475235787, 12);
  expect(choiceEntropy([-2, -2])).toBe(1);
  expect(choiceEntropy([0, -2000])).toBe(0);
  expect(
    biasEntropy([
      [
        [-2, -2],
        [0, -2000],
      ],
    ]).value,
  ).toBe(0.5);
  expect(
    stereotypeShare([
      [-1, -2],
      [-2, -1],
      [-1, -1],
      [-1, -3],
    ]).value,
  ).toBe(0.625);
});

describe("text scores", () => {
  const answers = ["the cow is in the old barn .", "a red hen sat on the hill and sang ."];
  const references = ["the cow was in the old barn .", "a hen sat on the hill and she sang ."];

  test("BLEU as sacreBLEU has it (tokenize none)", () => {
    expect(bleu(answers, references)).toBeCloseTo(59.733743903595325, 8);
    const short = bleu(["the cow ran home now"], ["a cow sat there in the sun"]);
    expect(short).toBeCloseTo(8.51528917838043, 8);
    expect(bleu(references, references)).toBeCloseTo(100, 10);
    expect(bleu([""], ["a cow"])).toBe(0);
  });

  test("ROUGE-L as rouge-score has it", () => {
    expect(rougeL(answers[0]!, references[0]!)).toBeCloseTo(0.8571428571428571, 12);
    expect(rougeL(answers[1]!, references[1]!)).toBeCloseTo(0.8888888888888888, 12);
    expect(rougeL("a snail was sad at the sea .", "a snail was sad .")).toBeCloseTo(8 / 11, 12);
    expect(rougeL("", "a snail")).toBe(0);
    expect(commonSubsequence("a b c b d a b".split(" "), "b d c a b a".split(" "))).toBe(4);
  });

  test("F1 without articles and marks, and the best of several references", () => {
    expect(f1("the old barn .", "in the barn")).toBeCloseTo(0.5);
    expect(f1("", "the")).toBe(1);
    expect(f1("barn", "")).toBe(0);
    expect(best(f1, "the old barn", ["a sea", "old barn"])).toBe(1);
    expect(exactMatch("The barn.", "barn")).toBe(1);
    expect(exactMatch("old barn", "barn")).toBe(0);
  });

  test("choices by mean log-probability per token", () => {
    expect(chosen([-6, -4], [4, 2])).toBe(0);
    expect(chosen([-6, -4], [1, 1])).toBe(1);
  });
});

describe("alignment tax", () => {
  const items = (scores: readonly number[]) =>
    scores.map((score, i) => ({ task: "mood", item: String(i), shots: "few" as const, score }));

  test("task means and paired losses", () => {
    expect(taskScores(items([1, 0, 1, 1]))[0]).toMatchObject({ task: "mood", value: 0.75, n: 4 });
    const [tax] = alignmentTax(items([1, 1, 1, 0]), items([1, 0, 0]));
    expect(tax?.loss).toMatchObject({ value: 2 / 3, n: 3 });
    expect(recovered(0.9, 0.5, 0.8)).toBeCloseTo(0.75);
    expect(recovered(0.9, 0.5, 0.4)).toBeCloseTo(-0.25);
  });

  test("asking the same items of several models narrows no interval", () => {
    const once = items([1, 0, 1, 1, 0, 1, 1, 0, 0, 1]);
    const runs = [0, 1, 2].flatMap((run) => once.map((one) => ({ ...one, run })));
    const [single, several] = [taskScores(once)[0], taskScores(runs)[0]];
    expect([several?.low, several?.high]).toEqual([single?.low, single?.high]);
    expect(several?.n).toBe(30);
    const worse = (list: typeof runs) => list.map((one, i) => ({ ...one, score: i % 2 }));
    const [tax] = alignmentTax(once, worse(runs).slice(0, 10));
    const [thrice] = alignmentTax(runs, worse(runs));
    expect([thrice?.loss.low, thrice?.loss.high]).toEqual([tax?.loss.low, tax?.loss.high]);
    const pair = (i: number): readonly [number, number] => [-2, -2 - i];
    const asked = [0, 1, 2, 3].map(pair);
    const [one, three] = [biasEntropy([asked]), biasEntropy([asked, asked, asked])];
    expect(three.low).toBeCloseTo(one.low, 12);
    expect(three.high).toBeCloseTo(one.high, 12);
  });

  test("what is regained has an interval over whole items", () => {
    // the model without loses 10 of 20 items, the mended one gets 8 of those back
    const base = items(Array.from({ length: 20 }, () => 1));
    const without = items(Array.from({ length: 20 }, (_, i) => (i < 10 ? 0 : 1)));
    const mended = items(Array.from({ length: 20 }, (_, i) => (i < 2 ? 0 : 1)));
    const found = recoveredScores(base, without, mended);
    expect(found).toMatchObject({ value: 0.8, n: 20 });
    expect(found.low).toBeGreaterThan(0.4);
    expect(found.low).toBeLessThan(0.7);
    expect(found.high).toBeLessThanOrEqual(1);
    const worse = recoveredScores(base, without, items(Array.from({ length: 20 }, () => 0)));
    expect(worse.value).toBe(-1);
    expect(recoveredScores(base, base, mended).value).toBe(-Infinity);
  });

  test("models are compared with the base of their own run", () => {
    const at = (run: number, score: number) => items([score]).map((one) => ({ ...one, run }));
    const [tax] = alignmentTax([...at(0, 1), ...at(1, 0.5)], [...at(1, 0.5), ...at(0, 0)]);
    expect(tax?.loss).toMatchObject({ value: 0.5, n: 2 });
  });
});

describe("over-optimisation", () => {
  test("gold that peaks while the learned reward rises", () => {
    const found = overOptimisation([
      { kl: 9, learned: 3, gold: 1 },
      { kl: 0, learned: 0, gold: 0 },
      { kl: 4, learned: 2, gold: 1.6 },
      { kl: 16, learned: 3.5, gold: 0.4 },
    ]);
    expect(found.curve.map((one) => one.distance)).toEqual([0, 2, 3, 4]);
    expect(found).toMatchObject({ peak: 2, learnedRise: 1.5, overOptimised: true });
    expect(found.fall).toBeCloseTo(1.2);
  });

  test("a gold reward that only rises, or falls within the margin, is none", () => {
    const rising = [1, 2, 3].map((k) => ({ kl: k, learned: k, gold: k }));
    expect(overOptimisation(rising).overOptimised).toBe(false);
    const flat = [...rising, { kl: 4, learned: 4, gold: 2.9 }];
    expect(overOptimisation(flat, 0.2).overOptimised).toBe(false);
    expect(() => overOptimisation([])).toThrow("found no points");
  });

  test("KL of best of n: log n - (n - 1) / n", () => {
    expect(bestOfNKl(1)).toBe(0);
    expect(bestOfNKl(16)).toBeCloseTo(1.8350887222397811, 12);
    expect(bestOfNKl(64)).toBeCloseTo(3.1745080833596715, 12);
  });

  test("best of n of five samples, against all combinations", () => {
    const by = [0.3, -1, 2, 0.7, 1.1];
    const value = [5, 1, 2, 4, 3];
    const samples = by.map((one, i) => ({ by: one, value: value[i]! }));
    expect(bestOfN(samples, 1)).toBeCloseTo(3, 12);
    expect(bestOfN(samples, 2)).toBeCloseTo(3, 12);
    expect(bestOfN(samples, 3)).toBeCloseTo(2.5, 12);
    expect(bestOfN(samples, 5)).toBeCloseTo(2, 12);
    expect(() => bestOfN(samples, 6)).toThrow("expected 1 to the 5 samples");
  });
});
