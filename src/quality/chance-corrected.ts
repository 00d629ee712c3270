// Agreement beyond chance: Krippendorff's α, Cohen's κ and Fleiss' κ, and the units they are given.
import { firstByPerson, order } from "./items.ts";
import type { Ranked } from "./items.ts";

export type Level = "nominal" | "ordinal" | "interval" | "ratio";

/**
 * Krippendorff's α = 1 − D_o / D_e over units with any number of values each (Krippendorff 2011,
 * "Computing Krippendorff's Alpha-Reliability"). o_ck are the coincidences, n_c their margins:
 * D_o = Σ o_ck δ²_ck / n, D_e = Σ n_c n_k δ²_ck / (n (n − 1)).
 * @param units the values that each unit was given, in any order; fewer than two say nothing
 * @returns null when nothing can be compared or all values are equal
 */
export function krippendorffAlpha(
  units: readonly (readonly number[])[],
  level: Level,
): number | null {
  const used = units.filter((values) => values.length > 1);
  const values = [...new Set(used.flat())].sort((x, y) => x - y);
  const index = new Map(values.map((value, i) => [value, i]));
  const size = values.length;
  const coincidences = new Float64Array(size * size);
  for (const unit of used) {
    const counts = new Map<number, number>();
    for (const value of unit) counts.set(value, (counts.get(value) ?? 0) + 1);
    for (const [c, n] of counts) {
      for (const [k, m] of counts) {
        const pairs = c === k ? n * (n - 1) : n * m;
        coincidences[(index.get(c) ?? 0) * size + (index.get(k) ?? 0)]! +=
          pairs / (unit.length - 1);
      }
    }
  }
  const margins = values.map((_, c) =>
    coincidences.subarray(c * size, (c + 1) * size).reduce((sum, o) => sum + o, 0),
  );
  const total = margins.reduce((sum, n) => sum + n, 0);
  let [observed, expected] = [0, 0];
  for (let c = 0; c < size; c++) {
    for (let k = 0; k < size; k++) {
      const distance = squaredDistance(level, values, margins, c, k);
      observed += coincidences[c * size + k]! * distance;
      expected += margins[c]! * margins[k]! * distance;
    }
  }
  return expected === 0 ? null : 1 - ((total - 1) * observed) / expected;
}

/** δ²_ck; ordinal: (Σ_{g=c..k} n_g − (n_c + n_k) / 2)². */
function squaredDistance(
  level: Level,
  values: readonly number[],
  margins: readonly number[],
  c: number,
  k: number,
): number {
  if (c === k) return 0;
  const [x, y] = [values[c]!, values[k]!];
  switch (level) {
    case "nominal":
      return 1;
    case "interval":
      return (x - y) ** 2;
    case "ratio":
      return ((x - y) / (x + y)) ** 2;
    case "ordinal": {
      const [low, high] = [Math.min(c, k), Math.max(c, k)];
      const between = margins.slice(low, high + 1).reduce((sum, n) => sum + n, 0);
      return (between - (margins[c]! + margins[k]!) / 2) ** 2;
    }
  }
}

/**
 * Cohen's κ = (p_o − p_e) / (1 − p_e) of two people's categories (Cohen 1960).
 * @returns null for no units, or when both always gave the same one category
 */
export function cohenKappa(x: readonly number[], y: readonly number[]): number | null {
  const n = Math.min(x.length, y.length);
  if (n === 0) return null;
  let [observed, expected] = [0, 0];
  for (const category of new Set([...x, ...y])) {
    const share = (list: readonly number[]): number =>
      list.filter((value) => value === category).length / n;
    expected += share(x) * share(y);
  }
  for (let i = 0; i < n; i++) if (x[i] === y[i]) observed += 1 / n;
  return expected > 1 - 1e-12 ? null : (observed - expected) / (1 - expected);
}

/**
 * Fleiss' κ of units × categories counts (Fleiss 1971). Every unit must have the same number of
 * people, at least two.
 * @returns null for no units, or when everybody always gave one category
 * @throws RangeError when the numbers of people differ
 */
export function fleissKappa(counts: readonly (readonly number[])[]): number | null {
  const people = sum(counts[0] ?? []);
  const odd = counts.findIndex((unit) => sum(unit) !== people);
  if (odd >= 0 || (counts.length > 0 && people < 2)) {
    const found = odd >= 0 ? `${sum(counts[odd]!)} in unit ${odd}` : String(people);
    throw new RangeError(
      `Fleiss' kappa: found ${found}; expected ${Math.max(2, people)} answers per unit.`,
    );
  }
  if (counts.length === 0) return null;
  const categories = counts[0]!.map((_, c) => sum(counts.map((unit) => unit[c] ?? 0)));
  const total = counts.length * people;
  const expected = sum(categories.map((n) => (n / total) ** 2));
  const perUnit = counts.map(
    (unit) => (sum(unit.map((n) => n * n)) - people) / (people * (people - 1)),
  );
  const observed = sum(perUnit) / counts.length;
  return expected > 1 - 1e-12 ? null : (observed - expected) / (1 - expected);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Units for α: every answer of every item with the ranks that people gave it. */
export function rankUnits(rankings: readonly Ranked[]): number[][] {
  return firstByPerson(rankings).flatMap((people) =>
    (people[0]?.ranks ?? []).map((_, a) => people.flatMap(({ ranks }) => ranks[a] ?? [])),
  );
}

export type RankAlphas = Readonly<Record<Exclude<Level, "ratio">, number | null>>;

/** α of the ranks; of cannot-tell rankings nothing is read. */
export function rankAlphas(rankings: readonly Ranked[]): RankAlphas {
  const units = rankUnits(rankings);
  return {
    nominal: krippendorffAlpha(units, "nominal"),
    ordinal: krippendorffAlpha(units, "ordinal"),
    interval: krippendorffAlpha(units, "interval"),
  };
}

/** A pair of answers as a category: 0 the first is better, 1 tied, 2 the second is better. */
export interface PairUnits {
  /** Cohen's κ of every two people with a pair in common, a before b in the alphabet. */
  readonly cohen: readonly { a: string; b: string; pairs: number; kappa: number | null }[];
  /** Fleiss' κ over the pairs that `people` people ordered (the commonest number, at least two). */
  readonly fleiss: { people: number; pairs: number; left: number; kappa: number | null } | null;
}

/** κ over pairs of answers. Which answer of a pair is "the first" follows the texts, not the screen. */
export function pairKappas(rankings: readonly Ranked[]): PairUnits {
  const couples = new Map<string, { a: string; b: string; x: number[]; y: number[] }>();
  const units: number[][] = [];
  for (const people of firstByPerson(rankings.filter(({ cannotTell }) => !cannotTell))) {
    people.sort((x, y) => (x.rater < y.rater ? -1 : 1));
    const size = people[0]?.ranks.length ?? 0;
    for (let i = 0; i < size; i++) {
      for (let j = i + 1; j < size; j++) {
        const said = people.flatMap(({ rater, ranks }) => {
          const sign = order(ranks, i, j);
          return sign === null ? [] : [{ rater, category: sign + 1 }];
        });
        units.push([0, 1, 2].map((c) => said.filter(({ category }) => category === c).length));
        addCouples(couples, said);
      }
    }
  }
  const cohen = [...couples.values()].map(({ a, b, x, y }) => ({
    a,
    b,
    pairs: x.length,
    kappa: cohenKappa(x, y),
  }));
  return { cohen, fleiss: commonest(units) };
}

function addCouples(
  couples: Map<string, { a: string; b: string; x: number[]; y: number[] }>,
  said: readonly { rater: string; category: number }[],
): void {
  said.forEach((one, i) => {
    for (const other of said.slice(i + 1)) {
      const key = JSON.stringify([one.rater, other.rater]);
      const couple = couples.get(key) ?? { a: one.rater, b: other.rater, x: [], y: [] };
      couple.x.push(one.category);
      couple.y.push(other.category);
      couples.set(key, couple);
    }
  });
}

function commonest(units: readonly (readonly number[])[]): PairUnits["fleiss"] {
  const several = units.filter((unit) => sum(unit) > 1);
  const sizes = new Map<number, number>();
  for (const unit of several) sizes.set(sum(unit), (sizes.get(sum(unit)) ?? 0) + 1);
  const [most] = [...sizes].sort((x, y) => y[1] - x[1] || y[0] - x[0]);
  if (most === undefined) return null;
  const [people, pairs] = most;
  const kappa = fleissKappa(several.filter((unit) => sum(unit) === people));
  return { people, pairs, left: several.length - pairs, kappa };
}
