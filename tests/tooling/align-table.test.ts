// The table of align runs: what counts as moved, and what it refuses.
import { expect, test, vi } from "vitest";
import { moved, movedBack, page } from "../../scripts/align-table-page.ts";
import type { AlignResult } from "../../scripts/align-table-page.ts";
import { main } from "../../scripts/align-table.ts";

const rates = (before: number, after: number): Pick<AlignResult, "before" | "after"> => ({
  before: { rate: before, grammatical: 0.9 },
  after: { rate: after, grammatical: 0.88 },
});

test("moved: up by 25 points or doubled; back: down by 25 points or below half", () => {
  expect([rates(0.5, 0.75), rates(0.1, 0.2), rates(0, 0.2)].map(moved)).toEqual([
    true,
    true,
    false,
  ]);
  expect([rates(0.5, 0.74), rates(0.2, 0.39)].map(moved)).toEqual([false, false]);
  expect([rates(0.8, 0.55), rates(0.2, 0.09)].map(movedBack)).toEqual([true, true]);
  expect([rates(0.4, 0.2), rates(0.2, 0.2)].map(movedBack)).toEqual([false, false]);
});

test("the page counts runs and sets a run beside its flipped one", () => {
  const run = (flipped: boolean, after: number): AlignResult => ({
    ...rates(0.3, after),
    taste: "short",
    seed: 1,
    k: 5,
    rankings: 12,
    iterations: 45,
    winRate: { wins: 60, ties: 40, losses: 28 },
    rewardModel: { heldOutAccuracy: 0.84 },
    seconds: { total: 90, ppo: 80 },
    kl: 2.04,
    adapter: "a",
    flipped,
    flopsPerIteration: 2e10,
  });
  const text = page([run(false, 0.6), run(true, 0.1)], [run(false, 0.3)], "npm run align-table --");
  expect(text).toMatch(/\| runs that moved +\| 1 of 1/);
  expect(text).toMatch(/flipped rankings +\| 1 of 1/);
  expect(text).toMatch(
    /short +\| 1 +\| 30 → 60 +\| yes +\| 90 → 88 +\| 2\.0 +\| 60\/40\/28 +\| 84 +\| 30 → 10 +\| yes/,
  );
});

test.each([
  [["--tastes", "chereful"], /^--tastes names "chereful", expected some of cheerful, short/],
  [["--seeds", "1,two"], /^--seeds has "two", expected whole numbers; nothing was run\.$/],
])("%j is refused in one sentence", async (args, sentence) => {
  const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
  expect(await main(args)).toBe(2);
  expect(error.mock.calls.flat().join("\n")).toMatch(sentence);
  error.mockRestore();
});
