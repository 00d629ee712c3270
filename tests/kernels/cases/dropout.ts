// Generic test entries of dropout with a given mask.
import { dropoutApply } from "../../../src/kernels/dropout.ts";
import type { OpCase } from "../op-case.ts";

export const cases: readonly OpCase[] = [1, 65, 1757].map((N) => ({
  name: `dropout ${String(N)}`,
  inputs: {
    x: { shape: [N] },
    keep: { shape: [N], differentiable: false, value: (_i, next) => (next() < 0.8 ? 1 : 0) },
  },
  build: (tape, { x, keep }) => [
    dropoutApply(tape, x!, keep!, 0.2),
    dropoutApply(tape, x!, keep!, 0),
  ],
}));
