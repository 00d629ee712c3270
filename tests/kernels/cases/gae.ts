// Generic test entries of generalised advantage estimation.
import { gae } from "../../../src/kernels/gae.ts";
import { constant, knobValues, prefixMask } from "../masks.ts";
import type { OpCase } from "../op-case.ts";

const SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [9, 7],
  [65, 17],
];

export const cases: readonly OpCase[] = SHAPES.map(([B, G]) => ({
  name: `gae ${String(B)}x${String(G)}`,
  inputs: {
    rewards: constant(B, G),
    values: constant(B, G),
    mask: prefixMask(B, G),
    bootstrap: constant(B),
    knobs: knobValues(),
  },
  build: (tape, { rewards, values, mask, bootstrap, knobs }) => {
    const inputs = { rewards: rewards!, values: values!, mask: mask! };
    const plain = gae(tape, inputs, knobs!);
    const truncated = gae(tape, inputs, knobs!, bootstrap);
    return [plain.advantages, plain.returns, truncated.advantages, truncated.returns];
  },
}));
