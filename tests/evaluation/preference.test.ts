// Win rates, ratings, agreement and reward-model accuracy on hand-worked examples.
import { describe, expect, test } from "vitest";
import {
  againstBaseline,
  agreement,
  allPairs,
  byGroup,
  crossValidate,
  headToHead,
  kappa,
  labelRate,
  labelerFolds,
  meanRating,
  outcomeOf,
  pairAccuracy,
  ratingShares,
  winRate,
  winRateGap,
} from "../../src/evaluation/index.ts";
import type { Comparison, RatedAnswer, Scores } from "../../src/evaluation/index.ts";

const compare = (prompt: string, outcome: Comparison["outcome"], labeler = "a"): Comparison => ({
  prompt,
  labeler,
  outcome,
});

describe("win rate", () => {
  test("a tie is half a win; Wilson over wins and half the ties", () => {
    const found = winRate([
      ...Array.from({ length: 6 }, (_, i) => compare(`p${i}`, "win")),
      ...Array.from({ length: 3 }, (_, i) => compare(`t${i}`, "tie")),
      compare("l", "loss"),
    ]);
    expect(found).toMatchObject({ value: 0.75, wins: 6, ties: 3, losses: 1, n: 10 });
    expect(found.wilson[0]).toBeCloseTo(0.44218142427854984, 12);
    expect(found.low).toBeLessThan(0.75);
    expect(found.high).toBeGreaterThan(0.75);
  });

  const scores = (model: string, labeler: string, list: readonly number[]): Scores => ({
    model,
    labeler,
    byPrompt: new Map(list.map((score, i) => [`p${i}`, score])),
  });
  const all = [
    scores("sft", "a", [1, 2, 3, 4]),
    scores("sft", "b", [1, 2, 3, 4]),
    scores("ppo", "a", [2, 3, 3, 1]),
    scores("ppo", "b", [2, 3, 4, 5]),
    scores("base", "a", [0, 0, 0]),
  ];

  test("against the baseline: only prompts and labelers that both have", () => {
    const found = againstBaseline(all, "sft");
    expect([...found.keys()]).toEqual(["ppo", "base"]);
    // a: win, win, tie, loss; b: four wins
    expect(found.get("ppo")).toMatchObject({ wins: 6, ties: 1, losses: 1, value: 6.5 / 8 });
    expect(found.get("base")).toMatchObject({ wins: 0, losses: 3, n: 3 });
    expect(againstBaseline(all, "sft", 1).get("ppo")).toMatchObject({ wins: 0, ties: 7 });
  });

  test("head to head and by group", () => {
    const ppo = headToHead(
      all.filter(({ model }) => model === "ppo"),
      all.filter(({ model }) => model === "sft"),
    );
    const groups = byGroup(ppo, (one) => one.labeler);
    expect(groups.get("a")?.value).toBe(2.5 / 4);
    expect(groups.get("b")?.value).toBe(1);
    const pairs = allPairs(all).map(({ model, other }) => `${model} ${other}`);
    expect(pairs).toEqual(["sft ppo", "sft base", "ppo base"]);
    expect(allPairs(all)[0]?.rate.value).toBe(1.5 / 8);
  });

  test("gap of two win rates: paired by prompt, so that what both share cancels", () => {
    const list = (labeler: string, flip: number) =>
      Array.from({ length: 200 }, (_, i) =>
        compare(`p${i}`, i % 10 < 6 !== i < flip ? "win" : "loss", labeler),
      );
    const same = winRateGap(list("a", 0), list("b", 0));
    expect(same).toMatchObject({ value: 0, low: 0, high: 0, n: 400 });
    // Of the first 20 prompts 12 wins become losses and 8 losses become wins: 4 of 200.
    const found = winRateGap(list("a", 0), list("b", 20));
    expect(found.value).toBeCloseTo(4 / 200);
    expect(found.low).toBeLessThan(0.02);
    expect(found.high).toBeGreaterThan(0.02);
    expect(found.high - found.low).toBeLessThan(0.15);
  });

  test("scores closer than the tie are one", () => {
    expect(outcomeOf(2, 1.7, 0.4)).toBe("tie");
    expect(outcomeOf(2, 1.5, 0.4)).toBe("win");
    expect(outcomeOf(1, 2)).toBe("loss");
  });
});

describe("ratings and labels", () => {
  const answer = (prompt: string, rating: number, made: boolean | null): RatedAnswer => ({
    prompt,
    labeler: "a",
    rating,
    labels: { hallucination: made },
  });
  const answers = [answer("a", 7, true), answer("a", 5, false), answer("b", 3, null)];

  test("mean, shares, and rates among answers to which the label applies", () => {
    expect(meanRating(answers).value).toBe(5);
    expect(ratingShares(answers)[6]).toBeCloseTo(1 / 3);
    expect(labelRate(answers, "hallucination")).toMatchObject({ value: 0.5, n: 2 });
    expect(labelRate(answers, "violent_content").value).toBeNaN();
  });
});

describe("agreement", () => {
  test("pairs with a tie are left out, or count half", () => {
    const found = agreement([
      {
        labelers: ["a", "b"],
        ranks: [
          [1, 2, 3],
          [1, 2, 1],
        ],
      },
    ]);
    // (0,1): both prefer 0; (0,2): b ties; (1,2): a prefers 1, b prefers 2
    expect(found.decided).toMatchObject({ value: 0.5, n: 2 });
    expect(found.withTies.value).toBeCloseTo((1 + 0.5 + 0) / 3);
    expect(found.tied).toBeCloseTo(1 / 6);
  });

  test("three labelers make three pairs of labelers", () => {
    const ranks = [
      [1, 2],
      [1, 2],
      [2, 1],
    ];
    const found = agreement([{ labelers: ["a", "b", "c"], ranks }]);
    expect(found.decided).toMatchObject({ value: 1 / 3, n: 3 });
  });

  test("sets that say nothing change no interval, and sets of one prompt are drawn together", () => {
    const pair = (b: readonly number[], prompt?: string) => ({
      labelers: ["a", "b"],
      ranks: [[1, 2], b],
      ...(prompt === undefined ? {} : { prompt }),
    });
    const two = [pair([1, 2]), pair([2, 1])];
    const tied = Array.from({ length: 5 }, () => pair([1, 1]));
    expect(agreement([...two, ...tied]).decided).toEqual(agreement(two).decided);
    const prompts = Array.from({ length: 12 }, (_, i) =>
      pair(i % 3 === 0 ? [2, 1] : [1, 2], `${i}`),
    );
    const { low, high } = agreement(prompts).decided;
    expect(agreement([...prompts, ...prompts]).decided).toMatchObject({ low, high, n: 24 });
    const apart = [...prompts, ...prompts].map((one, i) => ({ ...one, prompt: `${i}` }));
    expect(agreement(apart).decided.low).toBeGreaterThan(low);
  });

  test("kappa as scikit-learn has it", () => {
    expect(kappa("x x y z y x z z y x".split(" "), "x y y z y x z x y y".split(" "))).toBeCloseTo(
      0.5522388059701492,
      12,
    );
    expect(kappa(["x", "x"], ["x", "x"])).toBeNaN();
  });
});

describe("reward model", () => {
  const ranking = (labeler: string, scores: readonly number[], ranks: readonly number[]) => ({
    prompt: labeler,
    labeler,
    ranks,
    scores,
  });

  test("ties of the labeler make no pair, equal scores half a right one", () => {
    // 5 untied pairs:
    expect(pairAccuracy([ranking("a", [5, 6, 4, 5], [1, 2, 2, 3])])).toMatchObject({
      // (0,1) wrong, (0,2) right, (0,3) equal, (1,3) right, (2,3) wrong
      value: 2.5 / 5,
      n: 5,
    });
  });

  test("several rankings of a prompt are drawn together", () => {
    const right = (i: number): number[] => (i % 3 === 0 ? [1, 2] : [2, 1]);
    const once = Array.from({ length: 12 }, (_, i) => ranking(`p${i}`, right(i), [1, 2]));
    const { low, high } = pairAccuracy(once);
    expect(pairAccuracy([...once, ...once, ...once])).toMatchObject({ low, high, n: 36 });
  });

  test("folds hold about equally many rankings and whole labelers", () => {
    const counts = [40, 30, 20, 20, 10, 10, 10, 10, 5, 5];
    const rankings = counts.flatMap((count, i) =>
      Array.from({ length: count }, () => ({ labeler: `l${i}` })),
    );
    const folds = labelerFolds(rankings, 5);
    expect(folds.size).toBe(10);
    const sizes = [0, 0, 0, 0, 0];
    for (const { labeler } of rankings) sizes[folds.get(labeler)!]!++;
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(15);
    expect(Math.min(...sizes)).toBeGreaterThan(20);
  });

  test("cross-validation splits each result by its fold", () => {
    const folds = new Map([
      ["a", 0],
      ["b", 1],
    ]);
    const right = (labeler: string) => ranking(labeler, [2, 1], [1, 2]);
    const wrong = (labeler: string) => ranking(labeler, [1, 2], [1, 2]);
    const found = crossValidate(
      [
        { fold: 0, rankings: [wrong("a"), right("b")] },
        { fold: 1, rankings: [right("a"), right("b")] },
      ],
      folds,
    );
    expect(found.folds).toEqual([
      { heldOut: 0, training: 1 },
      { heldOut: 1, training: 1 },
    ]);
    expect(found.heldOut.value).toBe(0.5);
    expect(found.training).toMatchObject({ value: 1, low: 1, high: 1 });
  });
});
