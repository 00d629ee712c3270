// Verdicts on the paper's claims when not everything was run: what was not measured is not reproduced.
import { describe, expect, test } from "vitest";
import { order } from "../src/reproduce/claim-checks.ts";
import type { Findings, Model } from "../src/reproduce/findings.ts";
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
