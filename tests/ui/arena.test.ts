// The ranking station as a person uses it: keys, taps, undo, and what is announced.
import { beforeEach, describe, expect, test } from "vitest";
import { Arena } from "../../src/state/arena.svelte.ts";
import type { AnswerSet } from "../../src/state/answers.ts";
import { toRankings } from "../../src/state/answers.ts";

function setOf(k: number): AnswerSet {
  const answers = Array.from({ length: k }, (_, i) => ({
    text: `answer ${i}`,
    tokens: [i, 1],
    checkpoint: "c",
    seed: i,
  }));
  const shown = answers.map((_, i) => k - 1 - i);
  return { task: "t", promptId: "p", prompt: "Tell me.", answers, shown };
}

let arena: Arena;
beforeEach(() => {
  arena = new Arena();
  arena.show(setOf(4));
});

describe("number keys", () => {
  test("four answers take three keys; the focus moves to the next open one", () => {
    expect(arena.focus).toBe(3);
    arena.placeFocused(2);
    expect(arena.focus).toBe(2);
    arena.placeFocused(1);
    expect(arena.complete).toBe(false);
    const said = arena.placeFocused(3);
    expect(arena.complete).toBe(true);
    expect(arena.slots).toEqual([4, 3, 1, 2]);
    expect(arena.auto).toBe(0);
    expect(said).toContain("All ranked");
  });

  test("the place given by itself can be changed with one more key", () => {
    for (const key of [1, 2, 3]) arena.placeFocused(key);
    expect(arena.focus).toBe(0);
    arena.placeFocused(3);
    expect(arena.slots).toEqual([3, 3, 2, 1]);
    expect(arena.auto).toBeNull();
  });

  test("a tie is announced with both letters", () => {
    arena.placeFocused(1);
    expect(arena.tieFocused()).toBe("Answer B is 1st, tied with A.");
  });
});

describe("a set that is put aside", () => {
  test("comes back with the places that it had", () => {
    arena.ahead = [{ ...setOf(3), task: "next" }];
    arena.placeFocused(2);
    arena.placeFocused(1);
    const { slots } = arena;
    arena.skip();
    expect(arena.set?.task).toBe("next");
    expect(arena.slots).toEqual([null, null, null]);
    arena.skip();
    expect(arena.set?.task).toBe("t");
    expect(arena.slots).toEqual(slots);
    // once only: what was saved or changed meanwhile is not overwritten
    arena.show(setOf(4));
    expect(arena.slots).toEqual([null, null, null, null]);
  });
});

describe("taps", () => {
  test("in order, best first, and once more to take back", () => {
    arena.tap(1);
    arena.tap(0);
    expect(arena.slots).toEqual([2, 1, null, null]);
    arena.tap(1);
    expect(arena.slots).toEqual([2, null, null, null]);
    arena.tap(3);
    expect(arena.slots).toEqual([2, null, null, 1]);
  });
});

describe("undo", () => {
  test("has no limit and brings back the place given by itself in one step", () => {
    for (const key of [1, 2, 3]) arena.placeFocused(key);
    arena.undo();
    expect(arena.slots).toEqual([null, null, 2, 1]);
    arena.undo();
    arena.undo();
    expect(arena.untouched).toBe(true);
    arena.undo();
    for (let i = 0; i < 3; i++) arena.redo();
    expect(arena.complete).toBe(true);
    expect(arena.canRedo).toBe(false);
  });
});

describe("the guess", () => {
  test("counts only when it was made before and not looked at", () => {
    arena.guess = [0, 1, 2, 3];
    for (const key of [1, 2, 3]) arena.placeFocused(key);
    expect(arena.scoredGuess()).toEqual({ right: 6, pairs: 6 });
    arena.peeked = true;
    expect(arena.scoredGuess()).toBeNull();
  });
});

test("only decisions that order something become training data", () => {
  const set = setOf(3);
  const base = { set, note: "", guess: null };
  const rankings = toRankings([
    { ...base, slots: [1, 2, 4], cannotTell: false },
    { ...base, slots: [1, 1, 1], cannotTell: false },
    { ...base, slots: [1, 2, 3], cannotTell: true },
  ]);
  expect(rankings).toHaveLength(1);
  expect(rankings[0]?.ranks).toEqual([1, 2, 3]);
});
