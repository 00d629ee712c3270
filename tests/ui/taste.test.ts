// The blind test: which pairs are asked, on which side, and how choices are counted.
import { expect, test } from "vitest";
import { makePairs, resultOf, shares } from "../../src/state/taste.svelte.ts";
import type { Sample } from "../../src/workers/protocol.ts";

const sample = (text: string): Sample => ({
  promptId: "p",
  prompt: "Tell me.",
  text,
  tokens: [1],
  seed: 1,
  checkpoint: "c",
  finished: true,
});

test("equal answers are not asked about, and at most six pairs are", () => {
  const before = Array.from({ length: 9 }, (_, i) => sample(`old ${i}`));
  const after = before.map(({ text }, i) => sample(i === 0 ? "Old 0." : `${text} new`));
  const pairs = makePairs(before, after);
  expect(pairs).toHaveLength(6);
  expect(pairs[0]?.before.text).toBe("old 1");
});

test("sides follow the dice", () => {
  const one = [sample("a")];
  const two = [sample("b")];
  expect(makePairs(one, two, () => 0.1)[0]?.trained).toBe("left");
  expect(makePairs(one, two, () => 0.9)[0]?.trained).toBe("right");
});

test("ties count for neither side", () => {
  const result = resultOf(["trained", "tie", "trained", "start", "tie", "trained"]);
  expect(result).toMatchObject({ wins: 3, losses: 1, ties: 2 });
  expect(result.luck).toBeCloseTo(5 / 16, 12);
});

test("influences become shares of all of them", () => {
  const rankings = ["x", "y"].map((id) => ({ id, prompt: "", completions: [], ranks: [] }));
  expect(shares(rankings, [3, -1]).map(({ share }) => share)).toEqual([0.75, 0.25]);
  expect(shares(rankings, [0, 0]).map(({ share }) => share)).toEqual([0, 0]);
});
