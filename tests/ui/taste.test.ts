// The blind test: which pairs are asked, on which side, and how choices are counted.
import { afterEach, expect, test, vi } from "vitest";
import { Taste, makePairs, resultOf, shares } from "../../src/state/taste.svelte.ts";
import type { Trainer } from "../../src/state/trainer.svelte.ts";
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

afterEach(() => vi.unstubAllGlobals());

/** A trainer whose trained model always says something else. */
const trainer = {
  ask: (work: (api: unknown) => Promise<unknown>) =>
    work({
      sample: (prompts: readonly { id: string; text: string }[], _: number, __: number, of: string) =>
        Promise.resolve(prompts.map(({ id, text }) => [{ ...sample(`${of} says ${id}`), prompt: text }])), // prettier-ignore
    }),
} as unknown as Trainer;

test("a test outlives a reload: pairs, sides, choices and whose answers they were", async () => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  });
  const prompts = ["a", "b"].map((id) => ({ id, text: `Prompt ${id}.` }));
  const taste = new Taste(trainer);
  await taste.start(prompts, 1, { run: "r", step: 8, drawn: null });
  taste.choose(taste.pair!.trained);
  expect(taste.spoken).toMatch(/^Pair 2 of 2: Prompt b\. A: (?:sft|policy) says b B: (?:sft|policy) says b$/); // prettier-ignore

  const after = new Taste(trainer);
  after.restore("another run");
  expect(after.state).toBe("idle");
  after.restore("r");
  expect([after.state, after.choices, after.tested]).toEqual(["asking", ["trained"], { run: "r", step: 8, drawn: null }]); // prettier-ignore
  expect(after.pairs).toEqual(taste.pairs);
  after.choose("tie");
  expect(after.spoken).toBe("You chose the trained model 1 of 1 time. It could still be luck; rank two more sets or run it longer."); // prettier-ignore

  const finished = new Taste(trainer);
  finished.restore("r");
  expect([finished.state, finished.result.wins]).toEqual(["done", 1]);
  finished.back();
  expect(finished.pair?.prompt).toBe("Prompt b.");

  // what somebody changed is no test
  const whole = JSON.parse(kept.get("nudge.taste")!) as Record<string, unknown>;
  for (const change of [{ choices: ["won"] }, { pairs: [{}] }, { pairs: [] }, { tested: {} }]) {
    kept.set("nudge.taste", JSON.stringify({ ...whole, ...change }));
    const other = new Taste(trainer);
    other.restore("r");
    expect(other.state).toBe("idle");
  }
});
