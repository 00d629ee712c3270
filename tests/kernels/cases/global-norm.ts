// Generic test entries of the global norm: with, without and below the clip threshold, and at awkward sizes.
import { ADAMW_KNOBS } from "../../../src/kernels/adamw.ts";
import { globalNorm } from "../../../src/kernels/global-norm.ts";
import type { OpCase } from "../op-case.ts";

const SIZES = [1, 7, 257, 4096, 4097, 70001];

export const cases: readonly OpCase[] = SIZES.flatMap(
  (N) =>
    [0, 1, 1000].map((maxNorm) => ({
      name: `globalNorm ${String(N)}, threshold ${String(maxNorm)}`,
      inputs: {
        grads: { shape: [N], differentiable: false },
        state: { shape: [4], differentiable: false },
        knobs: {
          shape: [ADAMW_KNOBS.size],
          differentiable: false,
          value: (i: number) => (i === ADAMW_KNOBS.maxNorm ? maxNorm : 0),
        },
      },
      build: (tape, { grads, state, knobs }) => {
        globalNorm(tape, grads!, state!, knobs!);
        return [state!];
      },
    })) satisfies OpCase[],
);
