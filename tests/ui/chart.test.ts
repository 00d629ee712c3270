// The arithmetic of charts: round axes, tick texts, and the CSV of what they draw.
import { describe, expect, test } from "vitest";
import { toCsv } from "../../src/state/csv.ts";
import { countAxis, tickLabel, valueAxis } from "../../src/state/plot.ts";

describe("axes", () => {
  test.each([
    [0.13, 1.4],
    [-0.2, 0.1],
    [3.2, 3.3],
    [0, 0],
    [-7, -7],
    [1.1e-5, 3.9e-5],
    [0, 143],
  ])("the value axis around %d and %d holds both between round ends", (low, high) => {
    const axis = valueAxis(low, high);
    expect(axis.low).toBeLessThanOrEqual(low);
    expect(axis.high).toBeGreaterThanOrEqual(high);
    expect(axis.ticks.length).toBeGreaterThanOrEqual(2);
    expect(axis.ticks.length).toBeLessThanOrEqual(5);
    expect(axis.ticks[0]).toBe(axis.low);
    expect(axis.ticks.at(-1)).toBe(axis.high);
    const labels = axis.ticks.map((tick) => tickLabel(tick, axis));
    expect(new Set(labels).size).toBe(labels.length);
  });

  test("noise below zero does not lower the axis", () => {
    expect(valueAxis(-0.03, 2.3).low).toBe(0);
    expect(valueAxis(-1, 2.3).low).toBeLessThanOrEqual(-1);
  });

  test("ticks are written with the decimals that they need", () => {
    const axis = valueAxis(-0.3, 0.3);
    expect(axis.ticks.map((tick) => tickLabel(tick, axis))).toEqual(["−0.5", "0.0", "0.5"]);
  });

  test("steps are whole numbers, and no more than there is room for", () => {
    expect(countAxis(0, 60, 4).ticks).toEqual([0, 20, 40, 60]);
    expect(countAxis(1, 4, 6).ticks).toEqual([1, 2, 3, 4]);
    expect(countAxis(0, 1, 6).ticks).toEqual([0, 1]);
    expect(countAxis(0, 7, 3).ticks).toEqual([0, 5]);
  });
});

test("CSV has a header with units, quotes what needs it, and leaves out what was not measured", () => {
  const columns = [{ name: "step" }, { name: "objective/kl", unit: "nats per answer" }];
  const rows = [
    [1, 0.5],
    [2, Number.NaN],
    ['say "hi", fox', -3],
  ];
  expect(toCsv({ columns, rows })).toBe(
    'step,objective/kl (nats per answer)\r\n1,0.5\r\n2,\r\n"say ""hi"", fox",-3\r\n',
  );
});
