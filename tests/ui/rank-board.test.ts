// The board of the judging screen: keys it takes, unranked answers, all bad, strengths, ratings, undo.
import { beforeEach, describe, expect, test } from "vitest";
import { RankBoard } from "../../src/state/rank-board.svelte.ts";

let board: RankBoard;
function lay(k: number): void {
  board = new RankBoard();
  board.layOut(Array.from({ length: k }, (_, i) => i));
}
beforeEach(() => lay(4));

describe("keys", () => {
  test.each([
    [4, 5],
    [9, 10],
  ])("K = %i takes at most %i, Enter included", (k, most) => {
    lay(k);
    let keys = 0;
    while (!board.complete) {
      keys++;
      board.placeFocused(keys);
    }
    expect(board.groups).toHaveLength(k);
    expect(keys + 1).toBeLessThanOrEqual(most);
  });

  test("all tied takes as many as all ordered", () => {
    for (const key of [1, 1, 1]) board.placeFocused(key);
    expect(board.slots).toEqual([1, 1, 1, 2]);
    board.put(3, 1);
    expect(board.groups).toEqual([[0, 1, 2, 3]]);
  });
});

describe("left unranked", () => {
  test("an answer is neither last nor tied, and the rest can be complete without it", () => {
    board.placeFocused(1);
    expect(board.setAside()).toBe("Answer B is left unranked.");
    expect(board.focus).toBe(2);
    board.placeFocused(2);
    expect(board.slots).toEqual([1, null, 2, 3]);
    expect(board.aside).toEqual([1]);
    expect(board.complete).toBe(true);
  });

  test("a place brings it back, and so does asking again", () => {
    board.setAside(1);
    board.setAside(1);
    expect(board.aside).toEqual([]);
    board.setAside(1);
    board.put(1, 1);
    expect(board.aside).toEqual([]);
    expect(board.slots[1]).toBe(1);
  });

  test("one placed answer is no ranking", () => {
    board.put(0, 1);
    for (const answer of [1, 2, 3]) board.setAside(answer);
    expect(board.complete).toBe(false);
  });
});

describe("strength", () => {
  test("belongs to two neighbouring groups and goes when one of them changes", () => {
    for (const key of [1, 2, 3]) board.placeFocused(key);
    expect(board.setGap(0, 3)).toBe("A: much better.");
    board.strengthen(2);
    expect(board.gaps).toEqual([3, 0, 1]);
    board.put(3, 3); // D ties with C
    expect(board.gaps).toEqual([3, 0]);
    board.undo();
    expect(board.gaps).toEqual([3, 0, 1]);
  });

  test("there is none below the last group", () => {
    for (const key of [1, 2, 3]) board.placeFocused(key);
    expect(board.strengthen(3)).toBe("There is no group below this one.");
  });
});

test("every step can be undone and redone: places, unranked, all bad, ratings", () => {
  board.rate(0, { overall: 6 });
  board.toggleAllBad();
  board.setAside(3);
  board.placeFocused(1);
  const seen = JSON.stringify([board.slots, board.aside, board.allBad, board.ratings]);
  for (let i = 0; i < 4; i++) board.undo();
  expect(board.untouched).toBe(true);
  expect([board.allBad, board.aside, board.ratings[0]]).toEqual([false, [], {}]);
  for (let i = 0; i < 4; i++) board.redo();
  expect(JSON.stringify([board.slots, board.aside, board.allBad, board.ratings])).toBe(seen);
});

test("a drag states a whole order, also for what was left unranked", () => {
  board.setAside(2);
  board.drop(2, 0, "before");
  expect(board.aside).toEqual([]);
  expect(board.groups[0]).toEqual([2]);
});
