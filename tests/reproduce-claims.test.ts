// Verdicts on the paper's claims when not everything was run: what was not measured is not reproduced.
import { describe, expect, test } from "vitest";
import { suiteOf } from "../src/reproduce/asking-suite.ts";
import { suiteScores, suiteTax } from "../src/reproduce/automatic-scores.ts";
import { elements, order } from "../src/reproduce/claim-checks.ts";
import { Findings } from "../src/reproduce/findings.ts";
import type { Model } from "../src/reproduce/findings.ts";
import { comparedElements, elementsEpochs } from "../src/reproduce/reward-trials.ts";
import type { Made } from "../src/reproduce/runner.ts";
import { QUICK } from "../src/reproduce/quick-and-full.ts";

const RATES: Readonly<Record<string, number>> = {
  base: 0.2,
  prompted: 0.3,
  sft: 0.5,
  ppo: 0.6,
  "ppo-ptx": 0.6,
};
const estimate = (value: number) => ({ value, low: value - 0.03, high: value + 0.03, n: 900 });

/** Findings of one size that has these models. */
function findings(kinds: readonly string[], rates = RATES): Findings {
  const form = { ...QUICK, sizes: QUICK.sizes.filter(({ name }) => name === "micro") };
  return {
    form,
    answers: ({ kind }: Model) => (kinds.includes(kind) ? [{}] : []),
    winRate: (a: Model, b: Model) =>
      kinds.includes(a.kind) && kinds.includes(b.kind)
        ? estimate(0.5 + (rates[a.kind] ?? NaN) - (rates[b.kind] ?? NaN))
        : undefined,
  } as unknown as Findings;
}

describe("the order of models", () => {
  const all = Object.keys(RATES);

  test("holds when all models of the form are in it and PPO-ptx beats SFT", () => {
    expect(order(findings(all))).toMatchObject({ holds: "yes" });
    expect(order(findings(all, { ...RATES, "ppo-ptx": 0.52 })).holds).toBe("partly");
  });

  test("does not hold without the models that it is about", () => {
    for (const missing of ["ppo-ptx", "ppo", "sft", "prompted"]) {
      const verdict = order(findings(all.filter((kind) => kind !== missing)));
      expect(verdict.holds).not.toBe("yes");
      expect(verdict.measured).toContain("Not all models of this form are there.");
    }
    expect(order(findings(["base", "prompted", "sft"])).holds).toBe("partly");
    expect(order(findings([])).holds).toBe("not measured");
  });
});

test("a model is compared with the base of its own seed when another seed is missing", () => {
  const items = suiteOf(QUICK);
  const right = items.map(({ choices, answer }) => choices?.indexOf(answer) ?? []);
  const wrong = items.map(() => []);
  const data: Readonly<Record<string, object>> = {
    "micro/base/1/automatic": { suite: { zero: wrong, few: wrong } },
    "micro/base/2/automatic": { suite: { zero: right, few: right } },
    "micro/ppo/2/automatic": { suite: { zero: right, few: right } },
    "micro/beta 0/2/suite": { suite: { zero: right, few: right } },
  };
  const found = new Findings(QUICK, [1, 2], {
    records: new Map(Object.entries(data)),
    artefact: (name: string) => ({ data: data[name], tensors: {} }),
  } as unknown as Made);
  const scores = (kind: Model["kind"]) =>
    suiteScores(QUICK, found.automatic({ size: "micro", kind }));
  expect(suiteTax(scores("base"), scores("ppo")).value).toBe(0);
  const varied = suiteScores(QUICK, found.variedSuite("beta 0"));
  expect(suiteTax(scores("base"), varied).value).toBe(0);
});

describe("K-way elements against pairs", () => {
  /** One ranking with ten pairs for each of 40 prompts: so many right, and this log loss. */
  const validation = (right: number, loss: number) =>
    Array.from({ length: 40 }, () => ({ right, pairs: 10, loss }));
  const prompts = Array.from({ length: 40 }, (_, i) => String(i));
  const trial = (k: [number, number, number], p: [number, number, number]) => ({
    prompts,
    kWay: [{ epochs: 1, training: k[0], validation: validation(k[1], k[2]) }],
    pairs: [{ epochs: 1, training: p[0], validation: validation(p[1], p[2]) }],
  });
  const verdict = (data: ReturnType<typeof trial>) =>
    elements(
      new Findings(QUICK, [1], {
        records: new Map([["micro/reward-elements/1", {}]]),
        artefact: () => ({ data, tensors: {} }),
      } as unknown as Made),
    );

  test("differences are of the same rankings, over all seeds", () => {
    const [one] = comparedElements([
      trial([0.8, 7, 0.6], [0.9, 6, 0.7]),
      trial([0.7, 8, 0.5], [0.8, 8, 0.5]),
    ]);
    expect(one?.kWay.training).toBeCloseTo(0.75);
    expect(one?.kWay.validation).toMatchObject({ value: 0.75, n: 800 });
    expect(one?.accuracyLost.value).toBeCloseTo(0.05);
    expect(one?.lossGained.value).toBeCloseTo(0.05);
    expect(comparedElements([])).toEqual([]);
  });

  test("pairs overfit when their gap is larger and validation is worse", () => {
    expect(verdict(trial([0.8, 7, 0.6], [0.9, 6, 0.7])).holds).toBe("yes");
    expect(verdict(trial([0.8, 7, 0.6], [0.9, 7, 0.6])).holds).toBe("partly");
    expect(verdict(trial([0.8, 7, 0.6], [0.8, 7, 0.7])).holds).toBe("no");
    expect(verdict(trial([0.8, 7, 0.6], [0.9, 6, 0.7])).measured).toMatch(/^after one epoch, /);
  });

  test("each length is tried once and counted", () => {
    expect(elementsEpochs({ pairEpochs: 3 })).toEqual([1, 3]);
    expect(elementsEpochs({ pairEpochs: 1 })).toEqual([1]);
  });
});
