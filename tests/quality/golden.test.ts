// Every statistic against published golden numbers and against Python's, to four decimals or better.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { kendallTauB } from "../../src/quality/agreement.ts";
import { bradleyTerry, elo, stronglyConnected } from "../../src/quality/bradley-terry.ts";
import { cohenKappa, fleissKappa, krippendorffAlpha } from "../../src/quality/chance-corrected.ts";
import { chiSquareTail, signTest, wilsonInterval } from "../../src/quality/distributions.ts";
import { choicesOf } from "../../src/quality/choices.ts";
import { LuceModel } from "../../src/quality/plackett-luce.ts";
import { modifiedZ } from "../../src/quality/timing.ts";

/**
 * Written by a Python 3 script with scipy 1.17.1 (kendalltau, chi2.sf, binomtest and its Wilson
 * interval), krippendorff 0.9.0, scikit-learn 1.9.1 (cohen_kappa_score), statsmodels 0.15.0
 * (fleiss_kappa) and choix 0.4.1 (opt_pairwise and opt_rankings with alpha 0, a tie as half a win
 * each way) on data drawn with numpy's default_rng(20261126). No client fits Davidson-Luce: the script
 * writes its log-likelihood down with every subset enumerated by itertools.combinations and
 * minimises it with scipy's BFGS. modifiedZ is (x - median) norm.ppf(.75) / MAD.
 */
const PYTHON = JSON.parse(
  readFileSync(new URL("../fixtures/quality.json", import.meta.url), "utf8"),
) as {
  tau: { x: number[]; y: number[]; tau: number }[];
  alpha: ({ units: number[][] } & Record<"nominal" | "ordinal" | "interval" | "ratio", number>)[];
  cohen: { x: number[]; y: number[]; kappa: number }[];
  fleiss: { counts: number[][]; kappa: number }[];
  bradleyTerry: { wins: number[][]; ln: number[] }[];
  plackettLuce: { players: number; rankings: number[][]; ln: number[] }[];
  davidsonLuce: {
    players: number;
    rankings: number[][][];
    ln: number[];
    sizes: number[];
    lnDelta: number[];
  }[];
  chiSquare: { statistic: number; freedom: number; p: number }[];
  signTest: { a: number; b: number; p: number }[];
  wilson: { hits: number; trials: number; low: number; high: number }[];
  modifiedZ: { values: number[]; z: number[] };
};

function close(actual: readonly number[], expected: readonly number[], digits = 4): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? Number.NaN, digits));
}

describe("Kendall's tau-b", () => {
  test("golden: 0.9129 and 0.8", () => {
    expect(kendallTauB([1, 2, 2, 4], [1, 3, 2, 4])).toBeCloseTo(0.9129, 4);
    expect(kendallTauB([1, 1, 2, 3], [1, 2, 2, 3])).toBeCloseTo(0.8, 12);
  });

  test("equals scipy", () => {
    expect(PYTHON.tau.length).toBeGreaterThan(5);
    for (const { x, y, tau } of PYTHON.tau) expect(kendallTauB(x, y)).toBeCloseTo(tau, 9);
  });

  test("is not there where one ranking ties everything; unranked answers are left out", () => {
    expect(kendallTauB([1, 1, 1], [1, 2, 3])).toBeNull();
    expect(kendallTauB([1, null, 2, 3], [1, 1, 2, 3])).toBe(1);
  });
});

/** Krippendorff's example of 4 people and 12 units (Krippendorff 2011), null = missing. */
const KRIPPENDORFF = [
  [1, 2, 3, 3, 2, 1, 4, 1, 2, null, null, null],
  [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, null, 3],
  [null, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, null],
  [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, null],
];

describe("Krippendorff's alpha", () => {
  const units = Array.from({ length: 12 }, (_, u) =>
    KRIPPENDORFF.flatMap((person) => person[u] ?? []),
  );

  test.each([
    ["nominal", 0.7434],
    ["ordinal", 0.8154],
    ["interval", 0.8491],
    ["ratio", 0.7974],
  ] as const)("golden: %s %d", (level, value) => {
    expect(krippendorffAlpha(units, level)).toBeCloseTo(value, 4);
  });

  test("equals the krippendorff package", () => {
    for (const row of PYTHON.alpha) {
      for (const level of ["nominal", "ordinal", "interval", "ratio"] as const) {
        expect(krippendorffAlpha(row.units, level)).toBeCloseTo(row[level], 9);
      }
    }
  });

  test("is not there without two values or with one value only", () => {
    expect(krippendorffAlpha([[1], [2]], "ordinal")).toBeNull();
    expect(
      krippendorffAlpha(
        [
          [2, 2],
          [2, 2],
        ],
        "nominal",
      ),
    ).toBeNull();
  });
});

/** Fleiss' table of 14 people, 10 patients and 5 diagnoses (Fleiss 1971). */
const FLEISS = [
  [0, 0, 0, 0, 14],
  [0, 2, 6, 4, 2],
  [0, 0, 3, 5, 6],
  [0, 3, 9, 2, 0],
  [2, 2, 8, 1, 1],
  [7, 7, 0, 0, 0],
  [3, 2, 6, 3, 0],
  [2, 5, 3, 2, 2],
  [6, 5, 2, 1, 0],
  [0, 2, 2, 3, 7],
];

describe("kappa", () => {
  test("golden: Fleiss 0.2099", () => {
    expect(fleissKappa(FLEISS)).toBeCloseTo(0.2099, 4);
  });

  test("Fleiss equals statsmodels, Cohen equals scikit-learn", () => {
    for (const { counts, kappa } of PYTHON.fleiss)
      expect(fleissKappa(counts)).toBeCloseTo(kappa, 9);
    for (const { x, y, kappa } of PYTHON.cohen) expect(cohenKappa(x, y)).toBeCloseTo(kappa, 9);
  });

  test("Fleiss refuses unequal numbers of people, in a sentence", () => {
    expect(() =>
      fleissKappa([
        [1, 1],
        [3, 0],
      ]),
    ).toThrow("Fleiss' kappa: found 3 in unit 1; expected 2 answers per unit.");
    expect(() => fleissKappa([[1, 0]])).toThrow("found 1; expected 2");
  });
});

describe("Bradley-Terry", () => {
  const WINS = [
    [0, 3, 4.5],
    [1, 0, 2],
    [0.5, 2, 0],
  ];

  test("golden: ln strengths and Elo", () => {
    const fit = bradleyTerry(WINS) ?? [];
    close(fit, [1.067085, -0.405848, -0.661238], 5);
    close(fit.map(elo), [1185.37, 929.5, 885.13], 2);
  });

  test("equals choix", () => {
    for (const { wins, ln } of PYTHON.bradleyTerry) close(bradleyTerry(wins) ?? [], ln, 5);
  });

  test("is refused when the graph is not strongly connected, and fitted with a prior", () => {
    const never = [
      [0, 4, 2],
      [0, 0, 1],
      [0, 1, 0],
    ];
    expect(stronglyConnected(never)).toBe(false);
    expect(bradleyTerry(never)).toBeNull();
    const [best = 0, second = 0, third = 0] = bradleyTerry(never, { prior: 0.5 }) ?? [];
    expect(best).toBeGreaterThan(second);
    expect(best + second + third).toBeCloseTo(0, 9);
  });

  test("the prior's gradient is zero at the fit", () => {
    const prior = 0.5;
    const fit = bradleyTerry(WINS, { prior }) ?? [];
    // The fit is centred; the imagined player's ln strength is found again as its one root.
    const balance = (shift: number): number =>
      fit.reduce((sum, ln) => sum + prior * (1 - 2 / (1 + Math.exp(-(ln + shift)))), 0);
    let [low, high] = [-10, 10];
    for (let i = 0; i < 200; i++) {
      const middle = (low + high) / 2;
      if (balance(middle) > 0) low = middle;
      else high = middle;
    }
    fit.forEach((ln, i) => {
      let gradient = prior * (1 - 2 / (1 + Math.exp(-(ln + low))));
      fit.forEach((other, j) => {
        if (i === j) return;
        const p = 1 / (1 + Math.exp(other - ln));
        gradient += (WINS[i]?.[j] ?? 0) * (1 - p) - (WINS[j]?.[i] ?? 0) * p;
      });
      expect(gradient).toBeCloseTo(0, 6);
    });
  });
});

describe("Plackett-Luce", () => {
  const fit = (players: number, rankings: readonly (readonly (readonly number[])[])[]) =>
    new LuceModel(players, rankings.flatMap(choicesOf)).fit();
  const untied = (ranking: readonly number[]): number[][] => ranking.map((player) => [player]);

  test("golden: four rankings of four", () => {
    const rankings = ["0123", "0213", "1023", "0132"].map((text) =>
      untied(Array.from(text, Number)),
    );
    const { lnStrengths = [] } = fit(4, rankings) ?? {};
    const worth = lnStrengths.map(Math.exp);
    const total = worth.reduce((sum, w) => sum + w, 0);
    close(
      worth.map((w) => w / total),
      [0.76587, 0.1822, 0.03957, 0.01235],
      5,
    );
  });

  test("without ties it equals choix", () => {
    for (const { players, rankings, ln } of PYTHON.plackettLuce) {
      close(fit(players, rankings.map(untied))?.lnStrengths ?? [], ln, 5);
    }
  });

  test("with ties it equals brute-force maximum likelihood", () => {
    for (const { players, rankings, ln, sizes, lnDelta } of PYTHON.davidsonLuce) {
      const found = fit(players, rankings);
      close(found?.lnStrengths ?? [], ln);
      expect(found?.ties.map(({ size }) => size)).toEqual(sizes);
      close(found?.ties.map((tie) => tie.lnDelta) ?? [], lnDelta);
    }
  });

  test("of pairs it is Bradley-Terry", () => {
    const rankings = Array.from({ length: 7 }, (_, i) => untied(i < 5 ? [0, 1] : [1, 0]));
    const [a = 0, b = 0] = fit(2, rankings)?.lnStrengths ?? [];
    expect(a - b).toBeCloseTo(Math.log(5 / 2), 8);
  });

  test("of pairs with ties it is Davidson: for equals P(tie) = ν / (2 + ν)", () => {
    const pairs = [[[0], [1]], [[1], [0]], [[0, 1]], [[0, 1]], [[0, 1]]];
    const found = fit(2, pairs);
    close(found?.lnStrengths ?? [], [0, 0], 8);
    const nu = Math.exp(found?.ties[0]?.lnDelta ?? 0);
    expect(nu / (2 + nu)).toBeCloseTo(3 / 5, 8);
  });

  test("does not settle when somebody always wins or everything is tied", () => {
    expect(fit(2, [untied([0, 1]), untied([0, 1])])).toBeNull();
    expect(fit(2, [[[0, 1]], [[0, 1]]])).toBeNull();
  });
});

describe("distributions", () => {
  test("equal scipy", () => {
    for (const { statistic, freedom, p } of PYTHON.chiSquare) {
      expect(chiSquareTail(statistic, freedom) / p).toBeCloseTo(1, 8);
    }
    for (const { a, b, p } of PYTHON.signTest) expect(signTest(a, b)).toBeCloseTo(p, 9);
    for (const { hits, trials, low, high } of PYTHON.wilson) {
      const interval = wilsonInterval(hits, trials);
      close([interval.low, interval.high], [low, high], 6);
    }
    close(modifiedZ(PYTHON.modifiedZ.values), PYTHON.modifiedZ.z, 4);
  });
});
