// Generic test entries of RLOO's advantages and losses.
import { rlooAdvantages, rlooLoss } from "../../../src/losses/rloo.ts";
import { constant, knobValues, prefixMask } from "../masks.ts";
import type { OpCase } from "../op-case.ts";

const SHAPES: readonly (readonly [number, number, number])[] = [
  [1, 2, 1],
  [3, 4, 7],
  [22, 3, 5],
];

export const cases: readonly OpCase[] = SHAPES.flatMap(([P, K, G]): OpCase[] => [
  {
    name: `rlooAdvantages ${String(P)}x${String(K)}x${String(G)}`,
    inputs: {
      scores: constant(P, K),
      lpOld: constant(P * K, G),
      ref: constant(P * K, G),
      mask: prefixMask(P * K, G),
      knobs: knobValues(),
    },
    build: (tape, { scores, lpOld, ref, mask, knobs }) => {
      const inputs = { scores: scores!, lpOld: lpOld!, ref: ref!, mask: mask! };
      const { returns, advantages } = rlooAdvantages(tape, inputs, knobs!);
      return [returns, advantages];
    },
  },
  {
    name: `rlooLoss ${String(P)}x${String(K)}x${String(G)}`,
    inputs: {
      lp: { shape: [P * K, G], value: (_i, next) => 0.2 * (next() - 0.5) },
      lpOld: { ...constant(P * K, G), value: () => 0 },
      advantages: constant(P * K),
      mask: prefixMask(P * K, G),
      knobs: knobValues(),
    },
    build: (tape, { lp, lpOld, advantages, mask, knobs }) => {
      const inputs = { lp: lp!, lpOld: lpOld!, advantages: advantages!, mask: mask! };
      const clip = rlooLoss(tape, inputs, knobs!, { kind: "clip" });
      return [rlooLoss(tape, inputs, knobs!).loss, clip.loss, clip.stats];
    },
  },
]);
