// Statistics of rows: people, repeats, places, gold, time, splits, strengths; counted by hand or simulated.
import { describe, expect, test } from "vitest";
import {
  agreementBetween,
  agreementTiesHalf,
  agreementTiesOut,
  comparePairs,
} from "../../src/quality/agreement.ts";
import { habitsOf } from "../../src/quality/annotators.ts";
import { pairKappas, rankUnits } from "../../src/quality/chance-corrected.ts";
import { goldScores, scoreGold } from "../../src/quality/gold.ts";
import type { GoldItem } from "../../src/quality/gold.ts";
import { heldOutSplits, labelerFolds } from "../../src/quality/held-out.ts";
import { rankedOf } from "../../src/quality/items.ts";
import { positionBias } from "../../src/quality/position.ts";
import { selfAgreement } from "../../src/quality/repeats.ts";
import { strengthsOf } from "../../src/quality/strengths.ts";
import type { StrengthOptions, Strengths } from "../../src/quality/strengths.ts";
import { timeBins, timingOf } from "../../src/quality/timing.ts";
import { wholeReport } from "../../src/quality/report.ts";
import { rankingOf } from "../../src/formats/rows.ts";
import type { RankedRow } from "../../src/storage/formats.ts";
import type { JudgementRow } from "../../src/storage/events.ts";
import { crowd, row } from "./helpers.ts";

describe("rows as rankings", () => {
  test("the same answers in another order are the same item, aligned", () => {
    const completions = ["b", "a"].map((text) => ({ text, checkpoint: text, seed: 0 }));
    const [x, y] = rankedOf([
      row(1, { j: { ranks: [1, 2] } }),
      row(2, { j: { completions, ranks: [1, 2], shown: [1, 0] } }),
    ]);
    expect(y?.item).toBe(x?.item);
    expect([x?.ranks, y?.ranks]).toEqual([[1, 2], [2, 1]]); // prettier-ignore
    expect([x?.places, y?.places]).toEqual([[0, 1], [0, 1]]); // prettier-ignore
    expect(y?.players).toEqual(["a", "b"]);
  });

  test("a record of the collection page says the same as the judgement it could be", () => {
    const judged = row(1, { j: { ranks: [2, 1, 2], shown: [2, 0, 1] } });
    const record = rankingOf(judged as RankedRow);
    const demonstration = null;
    const decided = { ...judged, judgement: null, decision: { ranking: record, demonstration } };
    expect(rankedOf([decided])).toEqual(rankedOf([judged]));
    const unseen = {
      ...decided,
      decision: { ...decided.decision, ranking: { ...record, shown: [] } },
    };
    expect(rankedOf([unseen])[0]?.places).toBeNull();
    expect(positionBias(rankedOf([unseen])).n).toBe(0);
    const skipped = { ...record, outcome: "skipped" as const, skip_reason: "offensive" };
    expect(rankedOf([{ ...decided, decision: { ranking: skipped, demonstration } }])).toEqual([]);
    const lost = row(1, { j: { cannotTell: true } });
    const ranking = rankingOf(lost as RankedRow);
    const told = { ...lost, judgement: null, decision: { ranking, demonstration } };
    expect(rankedOf([told])).toEqual(rankedOf([lost]));
    expect(rankedOf([told])[0]?.cannotTell).toBe(true);
  });

  test("identical texts are one answer; simulated tastes are raters of their own; skips are none", () => {
    const completions = ["a", "b", "a"].map((text, seed) => ({ text, checkpoint: "m", seed }));
    const judgement = { completions, ranks: [2, 1, 2], shown: [2, 1, 0] };
    const [one, ...more] = rankedOf([
      row(1, { j: { ...judgement, source: "simulated:short" } }),
      row(2, { state: "skipped", judgement: null, reason: "broken" }),
    ]);
    expect(one).toMatchObject({ rater: "simulated:short", ranks: [2, 1], places: [0, 1] });
    expect(more).toEqual([]);
  });
});

describe("agreement between people", () => {
  test("by hand: ties out and ties half", () => {
    // pairs 12 13 14 23 24 34: same, same, same, x ties, same, y ties
    const counts = comparePairs([1, 2, 2, 3], [1, 2, 3, 3]);
    expect(counts).toEqual({ same: 4, opposite: 0, oneTied: 2, bothTied: 0 });
    const mixed = comparePairs([1, 2, 3, 3], [2, 1, 3, 3]);
    expect(mixed).toEqual({ same: 4, opposite: 1, oneTied: 0, bothTied: 1 });
    expect(agreementTiesOut(mixed)).toBe(0.8);
    expect(agreementTiesHalf(mixed)).toBeCloseTo(5 / 6, 12);
    expect(agreementTiesHalf(counts)).toBeCloseTo(5 / 6, 12);
    expect(agreementTiesOut(comparePairs([1, null], [1, 2]))).toBeNull();
  });

  test("overlap, matrix and the first of repeated rankings", () => {
    const [a, b] = [{ prompt: "a" }, { prompt: "b" }];
    const agreement = agreementBetween(
      rankedOf([
        row(1, { annotator: "ann", j: { ...a, ranks: [1, 2] } }),
        row(2, { annotator: "bob", j: { ...a, ranks: [1, 2] } }),
        row(3, { annotator: "cem", j: { ...a, ranks: [2, 1] } }),
        row(4, { annotator: "bob", j: { ...a, ranks: [2, 1] } }),
        row(5, { annotator: "ann", j: b }),
        row(6, { annotator: "bob", j: { ...b, cannotTell: true } }),
      ]),
    );
    expect(agreement.raters).toEqual(["ann", "bob", "cem"]);
    expect(agreement.overlap).toEqual([1, 0, 1]);
    expect(agreement.items).toBe(1);
    const shares = agreement.between.map(({ a: x, b: y, pairs }) => [
      x,
      y,
      agreementTiesOut(pairs),
    ]);
    expect(shares).toEqual([["ann", "bob", 1], ["ann", "cem", 0], ["bob", "cem", 0]]); // prettier-ignore
    expect(agreement.tau).toBeCloseTo(-1 / 3, 12);
  });

  test("α and κ of a crowd agree with its noise", () => {
    const people = ["ann", "bob", "cem"];
    const [quiet, loud] = [0.3, 3].map((noise) =>
      rankedOf(crowd({ items: 60, answers: 4, people, noise })),
    );
    expect(rankUnits(quiet!)).toHaveLength(240);
    const [low, high] = [wholeReport(crowd({ items: 60, answers: 4, people, noise: 3 }), { rounds: 40 }), wholeReport(crowd({ items: 60, answers: 4, people, noise: 0.3 }), { rounds: 40 })]; // prettier-ignore
    expect(high.alpha.ordinal).toBeGreaterThan(0.8);
    expect(low.alpha.ordinal).toBeLessThan(0.5);
    expect(pairKappas(quiet!).fleiss).toMatchObject({ people: 3, pairs: 360, left: 0 });
    expect(pairKappas(quiet!).fleiss?.kappa).toBeGreaterThan(pairKappas(loud!).fleiss?.kappa ?? 1);
    const { tiesOut, interval } = low.agreement.share;
    expect(interval?.low).toBeLessThan(tiesOut ?? 0);
    expect(interval?.high).toBeGreaterThan(tiesOut ?? 1);
  });
});

describe("repeats and places", () => {
  test("by hand: a pair whose answer turns with its place counts for the first or the last", () => {
    const first = { ranks: [1, 2], shown: [0, 1] };
    const { raters, turned } = selfAgreement(
      rankedOf([
        row(1, { j: { prompt: "p", ...first } }),
        row(2, { j: { prompt: "p", ranks: [2, 1], shown: [1, 0] } }),
        row(3, { j: { prompt: "q", ...first } }),
        row(4, { j: { prompt: "q", ranks: [1, 2], shown: [1, 0] } }),
      ]),
    );
    expect(raters).toMatchObject([{ rater: "ann", items: 2, repeats: 2, pairs: { same: 1, opposite: 1 } }]); // prettier-ignore
    expect(turned).toEqual({ first: 1, last: 0, p: 1 });
  });

  test("a crowd that favours the first place is caught, a fair one is not", () => {
    const base = { items: 150, answers: 4, people: ["ann"], noise: 1, repeats: 0.5 };
    const fair = rankedOf(crowd(base));
    const biased = rankedOf(crowd({ ...base, primacy: 2 }));
    const { test: fairTest, n } = positionBias(fair);
    expect(n).toBeGreaterThan(100);
    expect(fairTest?.freedom).toBe(3);
    expect(fairTest?.p).toBeGreaterThan(0.01);
    expect(positionBias(biased).test?.p).toBeLessThan(1e-4);
    expect(selfAgreement(biased).turned.first).toBeGreaterThan(selfAgreement(biased).turned.last);
    expect(positionBias(fair.slice(0, 50)).test).toBeNull();
  });

  test("by hand: χ² of 60, 20, 20 out of 100 is 32", () => {
    const rows = Array.from({ length: 100 }, (_, i) => {
      const place = i < 60 ? 0 : i < 80 ? 1 : 2;
      const ranks = [0, 1, 2].map((p) =>
        p === place ? 1 : 2 + ((p - place + 3) % 3 === 1 ? 0 : 1),
      );
      return row(i + 1, { j: { prompt: String(i), ranks } });
    });
    expect(positionBias(rankedOf(rows)).test?.statistic).toBeCloseTo(32, 10);
  });
});

describe("gold", () => {
  const gold: GoldItem = { task: "t", kind: "silent", ranks: [1, 2, 2, 3], explanation: "" };

  test("by hand: five ordered pairs, a tie is half right, either order where gold ties", () => {
    expect(scoreGold([1, 2, 3, 4], gold)).toEqual({ right: 5, pairs: 5, share: 1, pass: true });
    expect(scoreGold([1, 1, 1, 1], gold)).toMatchObject({ right: 2.5, pass: false });
    expect(scoreGold([2, 1, 3, 4], gold)).toMatchObject({ right: 4, share: 0.8, pass: true });
    expect(scoreGold([1, null, null, 2], gold)).toMatchObject({ right: 1 });
    expect(scoreGold([1, 2], { ...gold, ranks: [1, 1] })).toBeNull();
  });

  test("people and kinds apart, cannot tell scores nothing", () => {
    const items: GoldItem[] = [{ ...gold, ranks: [1, 2] }, { ...gold, task: "w", kind: "worked", ranks: [2, 1] }]; // prettier-ignore
    const rows = [
      row(1, { task: "t" }),
      row(2, { task: "w" }),
      row(3, { task: "t", annotator: "bob", j: { cannotTell: true, ranks: [null, null] } }),
      row(4, { task: "other" }),
    ];
    const summary = goldScores(rows, items).map((s) => [s.rater, s.kind, s.items, s.passed, s.share]); // prettier-ignore
    expect(summary).toEqual([
      ["ann", "silent", 1, 1, 1],
      ["ann", "worked", 1, 0, 0],
      ["bob", "silent", 1, 0, 0],
    ]);
  });
});

describe("time and habits", () => {
  const timed = (active: number, n: number): JudgementRow =>
    row(n, { j: { milliseconds: { active, idle: 0, hidden: 0 }, prompt: `p${n}` } });

  test("outliers are found against a person's own times; unmeasured ones are left out", () => {
    const times = [8, 9, 10, 10, 11, 12, 9, 10, 11, 900].map((s, i) => timed(1000 * s, i + 1));
    const { raters, flags } = timingOf(rankedOf([...times, timed(0, 99)]));
    expect(raters).toMatchObject([{ n: 10, median: 10_000, slow: 1, fast: 0 }]);
    expect(flags).toMatchObject([{ active: 900_000, kind: "slow" }]);
  });

  test("bars cover all times and only those", () => {
    const bins = timeBins([1500, 1600, 12_000, 700_000]);
    expect(bins[0]).toEqual({ from: 1000, to: 2000, count: 2 });
    expect(bins.at(-1)).toEqual({ from: 600_000, to: Infinity, count: 1 });
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(4);
    expect(timeBins([])).toEqual([]);
  });

  test("ties, orders as shown, and what chance gives", () => {
    const habits = habitsOf(
      rankedOf([
        row(1, { j: { ranks: [1, 2, 3] } }),
        row(2, { j: { ranks: [2, 1, 3] } }),
        row(3, { j: { ranks: [1, 1, 2] } }),
        row(4, { j: { ranks: [1, 2], cannotTell: true } }),
      ]),
    );
    expect(habits).toMatchObject({ rankings: 4, pairs: 9, tied: 1, withTies: 1, cannotTell: 1, asShown: 1 }); // prettier-ignore
    expect(habits.asShownByChance).toBeCloseTo(1 / 3, 12);
  });
});

describe("held-out people", () => {
  test("groups are balanced, whole, and the same for the same seed", () => {
    const counts = new Map([["a", 10], ["b", 9], ["c", 5], ["d", 5], ["e", 1]]); // prettier-ignore
    const groups = labelerFolds(counts, 2, 3);
    expect(groups).toEqual(labelerFolds(counts, 2, 3));
    expect(groups.flat().sort()).toEqual(["a", "b", "c", "d", "e"]);
    const sizes = groups.map((g) => g.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0));
    expect(Math.abs(sizes[0]! - sizes[1]!)).toBeLessThanOrEqual(2);
    expect(labelerFolds(counts, 9, 1)).toHaveLength(5);
  });

  test("no person is on both sides; shared items are counted; one person cannot be split", () => {
    const rows = crowd({ items: 10, answers: 3, people: ["ann", "bob", "cem"], noise: 1 });
    const splits = heldOutSplits(rows, 5, 1);
    expect(splits).toHaveLength(3);
    for (const { train, heldOut, heldOutRaters, shared } of splits) {
      expect(train.length + heldOut.length).toBe(30);
      expect(new Set(heldOut.map(({ annotator }) => annotator))).toEqual(new Set(heldOutRaters));
      expect(train.some(({ annotator }) => heldOutRaters.includes(annotator))).toBe(false);
      expect(shared).toBe(10);
    }
    expect(heldOutSplits(rows.filter(({ annotator }) => annotator === "ann"))).toEqual([]);
  });
});

describe("strengths of models", () => {
  function run(
    rows: readonly JudgementRow[],
    model: Strengths["model"],
    options: StrengthOptions = {},
  ): Strengths {
    // prettier-ignore
    const steps = strengthsOf(rankedOf(rows), model, options);
    for (;;) {
      const next = steps.next();
      if (next.done === true) return next.value;
    }
  }
  const models = ["bradley-terry", "plackett-luce"] as const;
  const rows = crowd({ items: 80, answers: 4, people: ["ann", "bob"], noise: 1 });

  test.each(models)("%s: the order is found, and intervals hold the estimate", (model) => {
    const found = run(rows, model, { rounds: 100 });
    expect(found.problem).toBe("");
    expect(found.players.map(({ player }) => player)).toEqual([0, 1, 2, 3].map((i) => `model ${i}`)); // prettier-ignore
    for (const { ln, interval } of found.players) {
      expect(interval!.low).toBeLessThan(ln);
      expect(interval!.high).toBeGreaterThan(ln);
    }
    expect(found.players.reduce((sum, { games }) => sum + games, 0)).toBe(2 * 6 * 160);
    expect(found.ties.length > 0).toBe(model === "plackett-luce");
    expect(run(rows, model, { rounds: 100 })).toEqual(found);
  });

  test.each(models)("%s: the bootstrap's spread is that of fresh data", (model) => {
    const ln = (seed: number): number =>
      run(crowd({ items: 60, answers: 2, people: ["ann"], noise: 1, seed }), model, { rounds: 0 }).players[0]!.ln; // prettier-ignore
    const fresh = Array.from({ length: 60 }, (_, i) => ln(i + 100));
    const middle = fresh.reduce((sum, x) => sum + x, 0) / fresh.length;
    const sd = Math.sqrt(fresh.reduce((sum, x) => sum + (x - middle) ** 2, 0) / fresh.length);
    const drawn = run(crowd({ items: 60, answers: 2, people: ["ann"], noise: 1, seed: 5 }), model, { rounds: 400 }); // prettier-ignore
    const { interval } = drawn.players[0]!;
    expect((interval!.high - interval!.low) / (2 * 1.96) / sd).toBeGreaterThan(0.6);
    expect((interval!.high - interval!.low) / (2 * 1.96) / sd).toBeLessThan(1.7);
  });

  test.each(models)("%s: refuses in a sentence, or adds half a win", (model) => {
    expect(run([], model).problem).toContain("answers of two models");
    const one = crowd({ items: 3, answers: 1, people: ["ann"], noise: 1 });
    expect(run(one, model).problem).toContain("answers of two models");
    const always = Array.from({ length: 5 }, (_, i) => row(i + 1, { j: { prompt: String(i) } }));
    expect(run(always, model).problem).toContain("never lost");
    const found = run(always, model, { prior: 0.5, rounds: 50 });
    expect(found.players[0]).toMatchObject({ player: "model 0", wins: 5, games: 5 });
    expect(found.players[0]!.ln).toBeGreaterThan(0);
  });
});
