// Generic test entries of matmul and linear.
import { feedForward, linear, matmul } from "../../../src/kernels/matmul.ts";
import type { OpCase } from "../op-case.ts";

const SIZES = [
  [1, 1, 1],
  [7, 65, 3],
  [65, 7, 257],
  [33, 12, 10],
  // multiples of what the variants ask for, and of nothing more
  [33, 16, 20],
  // sums that no subgroup divides
  [18, 21, 12],
] as const;

/** Values of K whose cases run all variants, and only the product itself. */
const VARIANTS = new Set([16, 21]);

const products: OpCase[] = SIZES.flatMap(([M, K, N]) =>
  [false, true].flatMap((TA) =>
    [false, true].flatMap((TB) =>
      [1, 3].map((BATCH) => ({
        name: `matmul ${String(M)}x${String(K)}x${String(N)} ${TA ? "T" : "N"}${TB ? "T" : "N"} batch ${String(BATCH)}`,
        inputs: {
          a: { shape: TA ? [BATCH, K, M] : [BATCH, M, K], differentiable: !VARIANTS.has(K) },
          b: { shape: TB ? [BATCH, N, K] : [BATCH, K, N], differentiable: !VARIANTS.has(K) },
        },
        ...(VARIANTS.has(K) && BATCH === 3
          ? { variants: K === 16 && TA !== TB ? "all" : "files" }
          : {}),
        build: (tape, { a, b }) => [matmul(tape, a!, b!, { M, N, K, TA, TB, BATCH })],
      })),
    ),
  ),
);

const linears: OpCase[] = [true, false].map((withBias) => ({
  name: `linear ${withBias ? "with" : "without"} bias, used twice`,
  inputs: { x: { shape: [13, 9] }, w: { shape: [9, 9] }, b: { shape: [9] } },
  // the same weights twice: the second derivative of w and b accumulates
  build: (tape, { x, w, b }) => {
    const bias = withBias ? b! : undefined;
    return [linear(tape, linear(tape, x!, w!, bias), w!, bias)];
  },
}));

const TILES = ["4x32 in 32", "16x32 in 8", "32x32 in 4", "32x32", "64x64", "64x64 8x8", "128x128"];

// tiles in workgroup memory: few rows and many, a rest in every direction
const tiles: OpCase[] = [
  { M: 3, TA: false, TB: false, tried: TILES.slice(0, 1) },
  { M: 130, TA: true, TB: false, tried: TILES.slice(1) },
  { M: 130, TA: false, TB: true, tried: ["32x32 in 4", "128x128"] },
].map(({ M, TA, TB, tried }) => {
  const [K, N] = [131, 132];
  return {
    name: `matmul ${String(M)}x${String(K)}x${String(N)} ${TA ? "T" : "N"}${TB ? "T" : "N"}, tiles`,
    inputs: {
      a: { shape: TA ? [2, K, M] : [2, M, K], differentiable: false },
      b: { shape: TB ? [2, N, K] : [2, K, N], differentiable: false },
    },
    variants: tried.map((tile) => `matmul_tiles ${tile}`),
    build: (tape, { a, b }) => [matmul(tape, a!, b!, { M, N, K, TA, TB, BATCH: 2 })],
  };
});

// outer products: more rows and columns than a tile has, no multiple of either; N only where B stores it
const outer: OpCase[] = [
  { M: 36, K: 20, N: 40, TA: true, TB: false },
  { M: 44, K: 20, N: 41, TA: true, TB: true },
  { M: 67, K: 20, N: 33, TA: false, TB: true },
  { M: 67, K: 20, N: 36, TA: false, TB: false },
  // A kept in two parts, and for five tiles of columns of which the last workgroup has four
  { M: 33, K: 520, N: 36, TA: false, TB: false },
  { M: 36, K: 520, N: 35, TA: true, TB: true },
  { M: 33, K: 20, N: 1060, TA: false, TB: false },
  { M: 36, K: 20, N: 1057, TA: true, TB: true },
].map(({ M, K, N, TA, TB }) => {
  return {
    name: `matmul ${String(M)}x${String(K)}x${String(N)} ${TA ? "T" : "N"}${TB ? "T" : "N"}, outer`,
    inputs: {
      a: { shape: TA ? [2, K, M] : [2, M, K], differentiable: false },
      b: { shape: TB ? [2, N, K] : [2, K, N], differentiable: false },
    },
    variants: ["matmul_outer 32x4", "matmul_kept 32x4"],
    build: (tape, { a, b }) => [matmul(tape, a!, b!, { M, N, K, TA, TB, BATCH: 2 })],
  };
});

// its epilogues and, in backward, sums of columns beside a product that accumulates
const outerLinear: OpCase = {
  name: "linear 36x40, used twice, outer",
  inputs: { x: { shape: [36, 40] }, w: { shape: [40, 40] }, b: { shape: [40] } },
  variants: ["matmul_outer 32x4", "matmul_kept 32x4"],
  build: (tape, { x, w, b }) => [linear(tape, linear(tape, x!, w!, b), w!, b)],
};

// sums in two parts that accumulate in C, beside sums of columns; and a bias and a residual after the second part
const keptLinear: OpCase = {
  name: "linear 520x40, used twice, kept in two parts",
  inputs: { x: { shape: [520, 40] }, w: { shape: [40, 40] }, b: { shape: [40] } },
  variants: ["matmul_kept 32x4"],
  build: (tape, { x, w, b }) => [linear(tape, linear(tape, x!, w!, b), w!, b)],
};
const keptFeedForward: OpCase = {
  name: "feedForward 36x40 over 520, kept in two parts",
  inputs: {
    x: { shape: [36, 40] },
    up: { shape: [40, 520] },
    upBias: { shape: [520] },
    down: { shape: [520, 40] },
    downBias: { shape: [40] },
  },
  variants: ["matmul_kept 32x4"],
  build: (tape, { x, up, upBias, down, downBias }) => [
    feedForward(tape, x!, { up: up!, upBias: upBias!, down: down!, downBias: downBias! }, x),
  ],
};

export const cases: readonly OpCase[] = [
  ...products,
  ...linears,
  ...tiles,
  ...outer,
  outerLinear,
  keptLinear,
  keptFeedForward,
];
