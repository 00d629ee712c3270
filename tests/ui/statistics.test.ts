// Luck, intervals and verdicts against known values, and the small helpers of texts and charts.
import { describe, expect, test } from "vitest";
import { compact, remaining, signed } from "../../src/state/format.ts";
import { BANDS, fromPosition, speechWord, toPosition } from "../../src/state/levers.ts";
import { decimate, linePath } from "../../src/state/plot.ts";
import { chance, luck, verdict, wilson } from "../../src/state/statistics.ts";
import { markFresh } from "../../src/state/words.ts";

describe("luck", () => {
  test("one-sided binomial: 5 of 6 is 0.11, 6 of 6 is 0.016", () => {
    expect(luck(5, 6)).toBeCloseTo(7 / 64, 12);
    expect(luck(6, 6)).toBeCloseTo(1 / 64, 12);
    expect(luck(0, 6)).toBe(1);
    expect(luck(0, 0)).toBe(1);
  });

  test("tiny chances are not called zero", () => {
    expect(chance(luck(20, 20))).toBe("less than 1%");
    expect(chance(luck(5, 6))).toBe("11%");
  });
});

test("Wilson interval of 5 of 6 is 0.436 to 0.970", () => {
  const [low, high] = wilson(5, 6);
  expect(low).toBeCloseTo(0.4365, 3);
  expect(high).toBeCloseTo(0.9699, 3);
  expect(wilson(0, 0)).toEqual([0, 1]);
});

describe("verdict", () => {
  test.each([
    [6, 0, 0, "hard to explain by luck"],
    [5, 1, 0, "still be luck"],
    [3, 3, 0, "you prefer neither"],
    [1, 4, 1, "could be luck: no sign"],
    [0, 6, 0, "hard to explain by luck: it learned something else"],
    [0, 0, 6, "nothing to count"],
  ])("%i wins, %i losses, %i ties: %s", (wins, losses, ties, part) => {
    expect(verdict(wins, losses, ties)).toContain(part);
  });
});

describe("marking fresh words", () => {
  const fresh = (before: string, after: string): string =>
    markFresh(before, after)
      .filter((word) => word.fresh)
      .map((word) => word.text.trim())
      .join(" ");

  test("only new words are marked", () => {
    expect(fresh("The fox was cold.", "The fox was warm.")).toBe("warm.");
    expect(fresh("The boy sat down.", "The happy boy sat.")).toBe("happy");
    expect(fresh("", "Hello!")).toBe("Hello!");
    expect(fresh("A fox.", "a fox!")).toBe("");
  });

  test("the words together are the new text", () => {
    const after = "One day,  a fox\nlaughed.";
    expect(
      markFresh("One fox", after)
        .map((word) => word.text)
        .join(""),
    ).toBe(after);
  });
});

describe("numbers as written", () => {
  test("signs, small numbers and times", () => {
    expect(signed(-0.64)).toBe("−0.6");
    expect(signed(-0.01)).toBe("0.0");
    expect(compact(0.0003)).toBe("3e-4");
    expect(compact(Number.NaN)).toBe("–");
    expect(remaining(24.4)).toBe("≈ 24 s left");
  });
});

describe("charts", () => {
  test("decimation keeps the spike", () => {
    const points = Array.from({ length: 10_000 }, (_, x) => ({ x, y: x === 5003 ? 99 : 0 }));
    const kept = decimate(points, 100);
    expect(kept.length).toBeLessThanOrEqual(200);
    expect(Math.max(...kept.map(({ y }) => y))).toBe(99);
  });

  test("values that are not finite break nothing", () => {
    expect(linePath(decimate([{ x: 0, y: 1 }, { x: 1, y: Number.NaN }], 5))).toBe("M0.0 1.0"); // prettier-ignore
  });
});

describe("levers", () => {
  test("positions and values are inverse on every rail", () => {
    for (const band of Object.values(BANDS)) {
      for (const at of [0.2, 0.5, 0.9]) {
        expect(toPosition(band, fromPosition(band, at))).toBeCloseTo(at, 1);
      }
      expect(fromPosition(band, 0)).toBe(band.zero ? 0 : band.min);
      expect(fromPosition(band, 1)).toBeCloseTo(band.max, 0);
    }
  });

  test("a rising language loss is named", () => {
    const readings = (...means: number[]): number[] =>
      means.flatMap((mean) => Array.from({ length: 10 }, (_, i) => mean + (i % 2 === 0 ? 0.2 : -0.2))); // prettier-ignore
    expect(speechWord(readings(1.5, 1.52))).toBe("fine, 1.50 at first");
    expect(speechWord(readings(1.5, 1.7))).toBe("slurring, 1.50 at first");
    expect(speechWord(readings(1.5, 1.9, 2.5))).toBe("forgetting, 1.50 at first");
    // one batch says nothing, and is not said to say anything
    expect(speechWord([1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 2.4])).toBe("");
    expect(speechWord([...readings(1.5, 1.5), 1.9])).toBe("fine, 1.50 at first");
  });
});
