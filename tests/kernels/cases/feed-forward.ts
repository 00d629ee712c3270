// Generic test entries of the products with epilogues: residual sums and the feed-forward part.
import { feedForward, linear } from "../../../src/kernels/matmul.ts";
import type { OpCase } from "../op-case.ts";

const SIZES = [
  [1, 1, 1],
  [7, 5, 9],
  [65, 12, 20],
  [33, 16, 64],
  // more than one tile in workgroup memory, and a rest in every direction
  [67, 38, 43],
] as const;

/** What a size compares beside plain programs. */
function variantsAt(F: number, withBias: boolean): Pick<OpCase, "variants"> {
  if (!withBias) return {};
  if (F === 43) return { variants: ["matmul_tiles 32x32 in 4"] };
  return F === 64 ? { variants: "files" } : {};
}

const parts: OpCase[] = SIZES.flatMap(([R, C, F]) =>
  [true, false].map((withBias) => ({
    name: `feed-forward ${String(R)}x${String(C)}x${String(F)} ${withBias ? "with" : "without"} biases`,
    ...variantsAt(F, withBias),
    inputs: {
      x: { shape: [R, C] },
      r: { shape: [R, C] },
      up: { shape: [C, F] },
      down: { shape: [F, C] },
      upBias: { shape: [F] },
      downBias: { shape: [C] },
    },
    build: (tape, { x, r, up, down, upBias, downBias }) => [
      feedForward(
        tape,
        x!,
        {
          up: up!,
          down: down!,
          upBias: withBias ? upBias : undefined,
          downBias: withBias ? downBias : undefined,
        },
        r,
      ),
    ],
  })),
);

const branch: OpCase = {
  name: "feed-forward without a residual",
  inputs: {
    x: { shape: [7, 5] },
    up: { shape: [5, 9] },
    down: { shape: [9, 5] },
    upBias: { shape: [9] },
    downBias: { shape: [5] },
  },
  build: (tape, { x, up, down, upBias, downBias }) => [
    feedForward(tape, x!, { up: up!, down: down!, upBias, downBias }),
  ],
};

const residuals: OpCase[] = [true, false].map((fromInput) => ({
  name: `linear with a residual, ${fromInput ? "its own input" : "another tensor"}`,
  inputs: {
    x: { shape: [13, 12] },
    r: { shape: [13, 12] },
    w: { shape: [12, 12] },
    b: { shape: [12] },
  },
  // used twice: the second derivatives accumulate
  build: (tape, { x, r, w, b }) => {
    const y = linear(tape, x!, w!, b, fromInput ? x! : r!);
    return [linear(tape, y, w!, b, y)];
  },
}));

export const cases: readonly OpCase[] = [...parts, branch, ...residuals];
