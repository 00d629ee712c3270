// Verdicts on the paper's claims when not everything was run: what was not measured is not reproduced.
import { describe, expect, test } from "vitest";
import { suiteOf } from "../src/reproduce/asking-suite.ts";
import { suiteScores, suiteTax } from "../src/reproduce/automatic-scores.ts";
import { order } from "../src/reproduce/claim-checks.ts";
import { Findings } from "../src/reproduce/findings.ts";
import type { Model } from "../src/reproduce/findings.ts";
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
