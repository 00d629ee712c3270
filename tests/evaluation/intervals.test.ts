// Intervals against statsmodels 0.14 and numpy, and the cluster bootstrap against its own theory.
import { describe, expect, test } from "vitest";
import {
  Z95,
  bootstrap,
  bootstrapShare,
  clusters,
  excludes,
  mean,
  median,
  quantile,
  share,
  uniform,
  wilson,
} from "../../src/evaluation/intervals.ts";

test("where all samples agree, a share has the interval of so few clusters", () => {
  const groups = Array.from({ length: 12 }, () => ({ sum: 0, count: 6 }));
  expect(bootstrap(groups)).toMatchObject({ value: 0, low: 0, high: 0 });
  const none = bootstrapShare(groups);
  expect(none).toMatchObject({ value: 0, n: 72 });
  expect(none.low).toBeCloseTo(0, 12);
  // Wilson's for 0 of 12
  expect(none.high).toBeCloseTo(0.2425, 3);
  const all = bootstrapShare(groups.map(({ count }) => ({ sum: count, count })));
  expect(all.value).toBe(1);
  expect(all.high).toBeCloseTo(1, 12);
  expect(all.low).toBeCloseTo(1 - 0.2425, 3);
  const some = [{ sum: 1, count: 6 }, ...groups];
  expect(bootstrapShare(some)).toEqual(bootstrap(some));
  expect(bootstrapShare([]).value).toBeNaN();
});

test("Wilson's interval as statsmodels has it", () => {
  const expected: readonly (readonly [number, number, number, number])[] = [
    [66, 100, 0.5627772885472462, 0.7453847920265184],
    [0, 12, 0, 0.24249400665524096],
    [7.5, 10, 0.44218142427854984, 0.9190521757900056],
  ];
  for (const [wins, n, low, high] of expected) {
    const found = wilson(wins, n, Z95);
    expect(found[0]).toBeCloseTo(low, 12);
    expect(found[1]).toBeCloseTo(high, 12);
  }
  expect(wilson(0, 0)).toEqual([0, 1]);
  const hits = Array.from({ length: 100 }, (_, i) => i < 66);
  expect(share(hits)).toMatchObject({ value: 0.66, n: 100 });
  expect(share(hits).low).toBeCloseTo(0.5627772885472462, 12);
});

test("mean, quantiles and median as numpy and scipy have them", () => {
  const found = mean([3, 5, 4, 7, 6, 2, 5, 5]);
  expect(found.value).toBe(4.625);
  expect(found.low).toBeCloseTo(3.517669906455272, 12);
  expect(found.high).toBeCloseTo(5.7323300935447286, 12);
  const values = [1, 2, 4, 8, 16];
  const quantiles = [0.025, 0.3, 0.5, 0.975].map((q) => quantile(values, q));
  [1.1, 2.4, 4, 15.2].forEach((value, i) => expect(quantiles[i]).toBeCloseTo(value, 12));
  expect(median([9, 1, 4])).toBe(4);
  expect(mean([1]).high).toBe(Infinity);
});

describe("bootstrap over clusters", () => {
  const half = ({ low, high }: { low: number; high: number }) => (high - low) / 2;
  const random = uniform(4);
  /** 200 prompts with 4 samples each that are all alike. */
  const alike = Array.from({ length: 200 }, (_, prompt) => {
    const value = random() < 0.5 ? 1 : 0;
    return [0, 1, 2, 3].map(() => ({ prompt: String(prompt), value }));
  }).flat();
  const key = (one: { prompt: string }) => one.prompt;
  const value = (one: { value: number }) => one.value;

  test("is as wide as 200 samples allow, not 800", () => {
    const found = bootstrap(clusters(alike, key, value), 2000, 3);
    const p = found.value;
    expect(found.n).toBe(800);
    const expected = Z95 * Math.sqrt((p * (1 - p)) / 200);
    expect(Math.abs(half(found) / expected - 1)).toBeLessThan(0.08);
    const independent = bootstrap(
      alike.map((one) => ({ sum: one.value, count: 1 })),
      2000,
      3,
    );
    expect(half(found) / half(independent)).toBeGreaterThan(1.8);
  });

  test("weighs clusters by their samples and repeats for a seed", () => {
    const groups = [
      { sum: 3, count: 3 },
      { sum: 0, count: 1 },
    ];
    expect(bootstrap(groups).value).toBe(0.75);
    expect(bootstrap(groups, 50, 9)).toEqual(bootstrap(groups, 50, 9));
    expect(bootstrap(groups, 50, 9)).toMatchObject({ low: 0, high: 1 });
  });
});

test("an interval excludes what lies outside of it", () => {
  const interval = { value: 0.6, low: 0.55, high: 0.65, n: 1 };
  expect(excludes(interval, 0.5)).toBe(true);
  expect(excludes(interval, 0.7)).toBe(true);
  expect(excludes(interval, 0.56)).toBe(false);
});
