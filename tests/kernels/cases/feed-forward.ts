// Generic test entries of the products with epilogues: residual sums and the feed-forward part.
import { feedForward, linear } from "../../../src/kernels/matmul.ts";
import type { OpCase } from "../op-case.ts";

const SIZES = [
  [1, 1, 1],
  [7, 5, 9],
  [65, 12, 20],
  [33, 16, 64],
] as const;

const parts: OpCase[] = SIZES.flatMap(([R, C, F]) =>
  [true, false].map((withBias) => ({
    name: `feed-forward ${String(R)}x${String(C)}x${String(F)} ${withBias ? "with" : "without"} biases`,
    ...(F === 64 && withBias ? { variants: "files" } : {}),
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
        r!,
      ),
    ],
  })),
);

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

export const cases: readonly OpCase[] = [...parts, ...residuals];
