// Generic test entries of the adaptive KL controller: inside, above and below the clip range, and switched off.
import { adaptiveKl } from "../../../src/kernels/schedules.ts";
import type { OpCase } from "../op-case.ts";

const controllers: readonly (readonly [target: number, kl: number])[] = [
  [6, 6.3],
  [6, 60],
  [6, 0.1],
  [0, 3],
  [6, NaN],
];

export const cases: readonly OpCase[] = controllers.map(([target, measured]) => ({
  name: `adaptive KL at ${String(measured)} of ${String(target)}`,
  inputs: {
    state: { shape: [3], differentiable: false, value: () => 0.15 },
    kl: { shape: [5], differentiable: false, value: (i) => (i === 4 ? measured : 1) },
    knobs: { shape: [3], differentiable: false, value: (i) => [target, 10000, 512][i]! },
  },
  build: (tape, { state, kl, knobs }) => {
    adaptiveKl(tape, state!, kl!, knobs!, { coefficient: 1, kl: 4 });
    return [state!];
  },
}));
