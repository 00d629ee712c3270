// Generic test entries of the moving average of parameters.
import { ema, emaKnobs } from "../../../src/kernels/ema.ts";
import type { OpCase } from "../op-case.ts";

const KNOBS = emaKnobs(0.992);

export const cases: readonly OpCase[] = [1, 65, 1757].map((N) => ({
  name: `ema ${String(N)}`,
  inputs: {
    shadow: { shape: [N], differentiable: false },
    values: { shape: [N], differentiable: false },
    knobs: { shape: [2], differentiable: false, value: (i) => KNOBS[i]! },
  },
  build: (tape, { shadow, values, knobs }) => {
    ema(tape, shadow!, values!, knobs!);
    return [shadow!];
  },
}));
