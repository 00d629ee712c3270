// A goal of a person in a project: kept in this browser, and how long it takes at the pace so far.
import { afterEach, expect, test, vi } from "vitest";
import { recallGoal, rememberGoal, secondsLeft } from "../../src/state/collect/goal.ts";

afterEach(() => vi.unstubAllGlobals());

test("a goal is of one person in one project, and what is no goal counts as none", () => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  });
  rememberGoal("p", "ada", 50);
  expect([recallGoal("p", "ada"), recallGoal("p", "bob"), recallGoal("q", "ada")]).toEqual([50, 0, 0]); // prettier-ignore
  rememberGoal("p", "ada", 0);
  expect(recallGoal("p", "ada")).toBe(0);
  for (const bad of ["-3", "1.5", "many", "Infinity"]) {
    kept.set("nudge.goal.p.ada", bad);
    expect(recallGoal("p", "ada")).toBe(0);
  }
});

test("the time left goes by attention, from the third judgement on, until the goal", () => {
  expect(secondsLeft(2, 20_000, 50)).toBeNull();
  expect(secondsLeft(10, 100_000, 50)).toBe(400);
  expect(secondsLeft(10, 0, 50)).toBeNull();
  expect(secondsLeft(50, 500_000, 50)).toBeNull();
});
