// What pretrain prints and refuses before it allocates.
import { expect, test } from "vitest";
import { checkPlan, describePlan } from "../../scripts/pretrain-plan.ts";
import type { Planned } from "../../scripts/pretrain-plan.ts";
import { gpt2 } from "../../src/model/gpt.ts";
import { GUARANTEED } from "../../src/plan/fits.ts";

const planned: Planned = {
  config: gpt2(101, 32, 2, 4, 48),
  positions: 384,
  lengths: [24, 48],
  training: {},
};

const peakOf = (text: string): number => {
  const [, number = "", unit = ""] = /^peak +([\d.]+) (\w+)$/m.exec(text) ?? [];
  return Number(number) * ({ KiB: 2 ** 10, MiB: 2 ** 20 }[unit] ?? NaN);
};

test("the plan names bytes by class and operations, and less memory has its price", async () => {
  const plain = await describePlan(planned);
  expect(plain).toMatch(/^optimiser moments +\d/m);
  expect(plain).toMatch(/GFLOP .* of 384 positions in rows of 48/);
  const small = await describePlan({ ...planned, training: { accumulate: 8, recompute: true } });
  expect(peakOf(small)).toBeLessThan(0.5 * peakOf(plain));
  const gflop = (text: string): number => Number(/([\d.]+) GFLOP/.exec(text)?.[1]);
  expect(gflop(small)).toBeGreaterThan(gflop(plain));
  expect(gflop(small)).toBeLessThan(1.5 * gflop(plain));
});

test("a run over the budget is refused with the options that would fit", async () => {
  const plain = peakOf(await describePlan(planned));
  await expect(checkPlan(planned, { ...GUARANTEED, budget: 1.1 * plain })).resolves.toBeUndefined();
  await expect(checkPlan(planned, { ...GUARANTEED, budget: 0.8 * plain })).rejects.toThrow(
    /takes [\d.]+ MiB of memory .* and the budget is .*; nothing was allocated, with --accumulate 2 it would fit\.$/,
  );
  await expect(checkPlan(planned, { ...GUARANTEED, budget: 2 ** 18 })).rejects.toThrow(
    /nothing was allocated for it, a smaller batch, context or model takes less/,
  );
  const narrow = { ...planned, config: gpt2(101, 32, 2, 32, 48) };
  await expect(checkPlan(narrow, GUARANTEED)).rejects.toThrow(
    "pretrain: width 32 in 32 heads makes heads of 1, expected 8 to 128; nothing was loaded",
  );
});
