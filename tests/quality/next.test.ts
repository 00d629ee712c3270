// What to label next: each policy picks what its formula says, and its propensities are right.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bald, gapUcb, pickNext, scoreOf } from "../../src/quality/next.ts";
import type { Candidate, Policy } from "../../src/quality/next.ts";
import { normal, random } from "../support/random.ts";

/** By the script described in golden.test.ts: scipy's entropy, numpy's std and slogdet. */
const { next: PYTHON } = JSON.parse(
  readFileSync(new URL("../fixtures/quality.json", import.meta.url), "utf8"),
) as {
  next: {
    scores: number[][];
    features: number[][];
    bald: number;
    gapUcb: number;
    dOpt: number;
  }[];
};

function pool(size: number, seed = 7): Candidate[] {
  const next = random(seed);
  const list = (n: number): number[] => Array.from({ length: n }, () => normal(next));
  return Array.from({ length: size }, (_, i) => ({
    id: `item ${i}`,
    scores: Array.from({ length: 4 }, () => list(3)),
    features: Array.from({ length: 3 }, () => list(5)),
  }));
}

describe("formulas", () => {
  test("equal Python's", () => {
    for (const { scores, features, ...expected } of PYTHON) {
      expect(bald(scores)).toBeCloseTo(expected.bald, 8);
      expect(gapUcb(scores)).toBeCloseTo(expected.gapUcb, 8);
      const [pick] = pickNext([{ id: "a", scores, features }], {
        count: 1,
        seed: 1,
        policy: "d_opt",
      });
      expect(pick?.score).toBeCloseTo(expected.dOpt, 8);
    }
  });

  test("BALD is 0 where all heads agree and ln 2 where they are sure of the opposite", () => {
    expect(bald([[1, 0], [1, 0]])).toBeCloseTo(0, 12); // prettier-ignore
    expect(bald([[99, 0], [0, 99]])).toBeCloseTo(Math.LN2, 12); // prettier-ignore
  });
});

describe("picks", () => {
  test.each(["gap_ucb", "bald"] as const)(
    "%s without exploring takes the highest scores",
    (policy) => {
      const items = pool(30);
      const picks = pickNext(items, { count: 5, seed: 3, policy, explore: 0 });
      const sorted = items.toSorted(
        (x, y) => (scoreOf(y, policy) ?? 0) - (scoreOf(x, policy) ?? 0),
      );
      expect(picks.map((pick) => pick.id)).toEqual(sorted.slice(0, 5).map((item) => item.id));
      expect(picks.every((pick) => pick.policy === policy && pick.propensity === 1)).toBe(true);
    },
  );

  test("d_opt takes a direction that is not known yet before more of the same", () => {
    const along = (id: string, axis: number, size: number): Candidate => {
      const tip = [0, 0].map((_, k) => (k === axis ? size : 0));
      return { id, features: [tip, [0, 0]] };
    };
    const items = [along("x large", 0, 5), along("x", 0, 4.9), along("y", 1, 3)];
    const picks = pickNext(items, { count: 3, seed: 1, policy: "d_opt", explore: 0 });
    expect(picks.map(({ id }) => id)).toEqual(["x large", "y", "x"]);
    expect(picks[0]?.score).toBeCloseTo(Math.log(1 + 25 / 4), 10);
  });

  test("are the same for the same seed, without repetition, and all when there are few", () => {
    const options = { count: 50, seed: 5 };
    const picks = pickNext(pool(20), options);
    expect(picks).toEqual(pickNext(pool(20), options));
    expect(new Set(picks.map(({ id }) => id)).size).toBe(20);
    expect(picks.at(-1)?.propensity).toBeCloseTo(1, 12);
    expect(pickNext(pool(20), { count: 50, seed: 6 })).not.toEqual(picks);
  });

  test("without a model every pick is random and says so", () => {
    const items = pool(10).map(({ id }) => ({ id }));
    const [pick] = pickNext(items, { count: 1, seed: 1 });
    expect(pick).toMatchObject({ policy: "random", score: 0, propensity: 0.1 });
  });

  test("bad numbers are refused in a sentence", () => {
    const options = { count: 1, seed: 1 };
    expect(() => pickNext([{ id: "a", scores: [[1, 2], [1]] }], options)).toThrow(
      "Item a, scores[1]: found 1 numbers; expected 2, one per answer. Nothing was chosen.",
    );
    expect(() => pickNext([{ id: "a", scores: [[1, Number.NaN]] }], options)).toThrow("found NaN");
    expect(() => pickNext([], { ...options, explore: 2 })).toThrow("explore: found 2");
  });
});

describe("propensities, by simulation", () => {
  const policies: Policy[] = ["gap_ucb", "bald", "d_opt", "random"];

  test.each(policies)("%s: 20,000 first draws come as often as they say", (policy) => {
    const items = pool(5);
    const rounds = policy === "d_opt" ? 4000 : 20_000;
    const seen = new Map<string, { n: number; propensity: number }>();
    let random = 0;
    for (let seed = 0; seed < rounds; seed++) {
      const [pick] = pickNext(items, { count: 1, seed, policy });
      const { n } = seen.get(pick!.id) ?? { n: 0 };
      seen.set(pick!.id, { n: n + 1, propensity: pick!.propensity });
      if (pick!.policy === "random") random++;
    }
    expect(seen.size).toBe(5);
    const total = [...seen.values()].reduce((sum, { propensity }) => sum + propensity, 0);
    expect(total).toBeCloseTo(1, 12);
    for (const { n, propensity } of seen.values()) {
      const sd = Math.sqrt((propensity * (1 - propensity)) / rounds);
      expect(Math.abs(n / rounds - propensity)).toBeLessThan(4.5 * sd);
    }
    if (policy !== "random") expect(random / rounds).toBeCloseTo(0.2, 1);
  });

  test("weighting by 1 / propensity gives the pool's total, for every draw of a batch", () => {
    const items = pool(6);
    const value = new Map(items.map(({ id }, i) => [id, (i + 1) ** 2]));
    const total = [...value.values()].reduce((sum, v) => sum + v, 0);
    const rounds = 20_000;
    const sums = [0, 0, 0];
    for (let seed = 0; seed < rounds; seed++) {
      let taken = 0;
      pickNext(items, { count: 3, seed }).forEach(({ id, propensity }, i) => {
        sums[i]! += taken + value.get(id)! / propensity;
        taken += value.get(id)!;
      });
    }
    for (const sum of sums) expect(sum / rounds / total).toBeCloseTo(1, 1);
  });

  test("equal scores share the policy's part", () => {
    const items = ["a", "b", "c", "d"].map((id, i) => ({ id, scores: [[i < 2 ? 3 : 0, 0]] }));
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 4000; seed++) {
      const [pick] = pickNext(items, { count: 1, seed });
      counts.set(pick!.id, (counts.get(pick!.id) ?? 0) + 1);
      expect(pick!.propensity).toBeCloseTo(pick!.id < "c" ? 0.45 : 0.05, 12);
    }
    expect((counts.get("a") ?? 0) / 4000).toBeCloseTo(0.45, 1);
  });
});
