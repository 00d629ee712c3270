// The ranking model: places, ties, dragging, the last place by itself, and what it yields.
import { describe, expect, test } from "vitest";
import {
  agreement,
  buckets,
  comparisons,
  denseSlots,
  displayOrder,
  dropOn,
  emptySlots,
  nextSlot,
  nudge,
  ordinal,
  place,
  placeLast,
  unplace,
} from "../../src/state/bucket-order.ts";

const SHOWN = [2, 0, 3, 1];

describe("placing", () => {
  test("an equal place is a tie and others keep theirs", () => {
    const slots = place(place(place(emptySlots(4), 2, 1), 0, 1), 3, 4);
    expect(slots).toEqual([1, null, 1, 4]);
    expect(buckets(slots)).toEqual([[0, 2], [3]]);
  });

  test("places are clamped to 1..K", () => {
    expect(place(emptySlots(3), 0, 9)).toEqual([3, null, null]);
    expect(place(emptySlots(3), 0, 0)).toEqual([1, null, null]);
  });

  test("the next free place skips held ones", () => {
    expect(nextSlot([1, null, 2, null])).toBe(3);
    expect(nextSlot([2, 1, 1, null])).toBe(3);
    expect(nextSlot(unplace([1, 2, 3, 4], 1))).toBe(2);
  });

  test("the last open answer takes the place left, also between others", () => {
    expect(placeLast([1, 2, 3, null])).toEqual({ slots: [1, 2, 3, 4], last: 3 });
    expect(placeLast([1, null, 2, 4])).toEqual({ slots: [1, 3, 2, 4], last: 1 });
    expect(placeLast([1, 1, 2, null])).toEqual({ slots: [1, 1, 2, 3], last: 3 });
    expect(placeLast([1, null, null, 2]).last).toBeNull();
  });
});

describe("order on screen", () => {
  test("placed answers come first, the others as they were shown", () => {
    expect(displayOrder([null, 1, null, 1], SHOWN)).toEqual([3, 1, 2, 0]);
    expect(displayOrder(emptySlots(4), SHOWN)).toEqual(SHOWN);
  });

  test("a drop gives every answer the place it stands at", () => {
    expect(dropOn(emptySlots(4), SHOWN, 1, 2, "before")).toEqual([3, 1, 2, 4]);
    expect(dropOn([3, 1, 2, 4], SHOWN, 3, 1, "tie")).toEqual([3, 1, 2, 1]);
    expect(dropOn([1, 2, 3, 4], SHOWN, 0, 0, "after")).toEqual([1, 2, 3, 4]);
  });

  test("nudging swaps neighbours, leaves ties, and stops at the ends", () => {
    expect(nudge([1, 2, 3, 4], SHOWN, 2, -1)).toEqual([1, 3, 2, 4]);
    expect(nudge([1, 1, 2, 3], [0, 1, 2, 3], 1, 1)).toEqual([1, 2, 3, 4]);
    expect(nudge([1, 2, 3, 4], SHOWN, 0, -1)).toEqual([1, 2, 3, 4]);
  });
});

describe("what a ranking says", () => {
  test("dense places close gaps", () => {
    expect(denseSlots([4, 1, null, 4])).toEqual([2, 1, null, 2]);
  });

  test("comparisons leave out ties and open places", () => {
    expect(comparisons([1, 2, 3, 4])).toBe(6);
    expect(comparisons([1, 2, 2, 3])).toBe(5);
    expect(comparisons([1, null, 1, null])).toBe(0);
  });

  test("agreement counts ordered pairs, equal scores half", () => {
    expect(agreement([1, 2, 3], [3, 2, 1])).toEqual({ right: 3, pairs: 3 });
    expect(agreement([1, 2, 3], [1, 2, 3])).toEqual({ right: 0, pairs: 3 });
    expect(agreement([1, 2, 2], [0, 0, 5])).toEqual({ right: 0.5, pairs: 2 });
  });

  test.each([
    [1, "1st"],
    [2, "2nd"],
    [3, "3rd"],
    [4, "4th"],
    [11, "11th"],
    [22, "22nd"],
  ])("%i is written %s", (n, text) => expect(ordinal(n)).toBe(text));
});
