// Choosing by text: the linear rewards against a closed form, and each policy on texts with a known taste.
import { describe, expect, test } from "vitest";
import { assistant, candidate, newItem, newRanking, user } from "../../src/formats/new-records.ts";
import type { Item } from "../../src/formats/records.ts";
import { dot, ensemble, fitReward } from "../../src/quality/linear-reward.ts";
import type { SelectOptions } from "../../src/quality/select-options.ts";
import { selectNext } from "../../src/quality/select.ts";
import { TEXT_FEATURES, textFeatures } from "../../src/quality/text-features.ts";
import type { JudgementRow } from "../../src/storage/events.ts";
import { createIds } from "../../src/storage/ids.ts";
import { random } from "../support/random.ts";

const ids = createIds(() => 1.7e12);

function rowOf(item: Item, ranks: readonly number[]): JudgementRow {
  const levels = [...new Set(ranks)].sort((a, b) => a - b);
  const groups = levels.map((level) => ranks.flatMap((rank, i) => (rank === level ? [i] : [])));
  const ranking = newRanking(item.context, item.completions, groups, { task: item.id });
  return {
    event: ids.next(),
    project: "p",
    task: `p:${item.id}`,
    annotator: "a",
    session: "s",
    t: 0,
    revision: 1,
    supersedes: "",
    state: "submitted",
    judgement: null,
    reason: "",
    decision: { ranking, demonstration: null },
  };
}

const itemOf = (n: number, texts: readonly string[]): Item =>
  newItem([user(`prompt ${n}`)], texts.map((text) => candidate([assistant(text)])), { id: `i${n}` }); // prettier-ignore

describe("linear rewards", () => {
  test("one pair in one dimension solves w = σ(−w x) x", () => {
    const [w = NaN] = fitReward([{ features: [[2], [0]], ranks: [1, 2] }], 1);
    expect(w).toBeCloseTo(2 / (1 + Math.exp(2 * w)), 8);
  });

  test("ties and unranked answers say nothing; a ranking of many pairs counts as one", () => {
    const tied = fitReward([{ features: [[1], [0], [5]], ranks: [1, 1, null] }], 1);
    expect([...tied]).toEqual([0]);
    const [w = NaN] = fitReward([{ features: [[1], [0], [0]], ranks: [1, 2, 3] }], 1);
    // pairs (a,b), (a,c) with x = 1 and (b,c) with x = 0: two thirds of one pair
    expect(w).toBeCloseTo((2 / 3) * (1 / (1 + Math.exp(w))), 8);
  });

  test("a linear taste in noise is found, and heads agree more with more rankings", () => {
    const next = random(3);
    const taste = [1.5, -1, 0, 0.5];
    const make = (n: number) =>
      Array.from({ length: n }, () => {
        const features = [0, 1].map(() => taste.map(() => next() * 4 - 2));
        const p = 1 / (1 + Math.exp(dot(taste, features[1]!) - dot(taste, features[0]!)));
        return { features, ranks: next() < p ? [1, 2] : [2, 1] };
      });
    const w = fitReward(make(2000), 4);
    taste.forEach((x, i) => expect(w[i]).toBeCloseTo(x, 0));
    const spread = (n: number): number => {
      const heads = ensemble(make(n), 4, 8, 1);
      const first = heads.map((head) => head[0]!);
      return Math.max(...first) - Math.min(...first);
    };
    expect(spread(1000)).toBeLessThan(spread(20));
  });
});

describe("features of texts", () => {
  test("are the same for the same words in another order, finite, and differ by length", () => {
    expect(textFeatures("a b c!")).toEqual(textFeatures("c! B a"));
    expect(textFeatures("")).toEqual(Array.from({ length: TEXT_FEATURES }, () => 0));
    expect(textFeatures("x ".repeat(5000)).every(Number.isFinite)).toBe(true);
    expect(textFeatures("日本語 💥 \ud800").every(Number.isFinite)).toBe(true);
    const [short, long] = ["one two", "one two three four five"].map((t) => textFeatures(t).at(-1));
    expect(long).toBeGreaterThan(short ?? NaN);
  });
});

describe("selection", () => {
  const judged = Array.from({ length: 12 }, (_, i) =>
    rowOf(itemOf(100 + i, [`good day number ${i}`, `bad night number ${i}`]), [1, 2]),
  );
  const open = [
    itemOf(0, ["purple", "purple purple"]),
    itemOf(1, ["good day", "bad night"]),
    itemOf(2, ["zebra quilt", "xylophone"]),
  ];
  const options = { explore: 0, count: 3, seed: 1 } as const;
  const picksOf = (rows: readonly JudgementRow[], by: SelectOptions) =>
    selectNext(rows, open, by).picks;

  test("gap_ucb asks first where the predicted gap is largest, bald where the heads disagree", () => {
    const gap = picksOf(judged, { ...options, policy: "gap_ucb" });
    expect(gap[0]).toMatchObject({ id: "i1", policy: "gap_ucb", propensity: 1 });
    expect(gap.map(({ score }) => score)).toEqual(gap.map(({ score }) => score).toSorted((a, b) => b - a)); // prettier-ignore
    const bald = picksOf(judged, { ...options, policy: "bald" });
    expect(bald.every(({ score }) => score >= 0)).toBe(true);
  });

  test("d_opt prefers words that were not compared yet", () => {
    const [first] = picksOf(judged, { ...options, policy: "d_opt" });
    expect(first?.id).toBe("i2");
  });

  test("before anything was learned, and for random, every draw is random with its probability", () => {
    for (const [rows, policy] of [
      [judged.slice(0, 4), "gap_ucb"],
      [judged, "random"],
    ] as const) {
      const { picks, rankings } = selectNext(rows, open, { ...options, policy });
      expect(rankings).toBe(rows.length);
      expect(picks.map(({ policy: arm }) => arm)).toEqual(["random", "random", "random"]);
      expect(picks.map(({ propensity }) => propensity)).toEqual([1 / 3, 1 / 2, 1]);
    }
  });

  test("80/20: the arm is logged, and the best has 0.8 + 0.2 / n", () => {
    const arms = Array.from(
      { length: 120 },
      (_, seed) => picksOf(judged, { policy: "gap_ucb", explore: 0.2, count: 1, seed })[0],
    );
    const greedy = arms.filter((pick) => pick?.policy === "gap_ucb");
    expect(greedy.length / 120).toBeGreaterThan(0.68);
    expect(greedy.length / 120).toBeLessThan(0.9);
    for (const pick of greedy) expect(pick?.propensity).toBeCloseTo(0.8 + 0.2 / 3, 10);
  });
});
