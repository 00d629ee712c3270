// Generic test entries of clearing a tensor.
import { zero } from "../../../src/kernels/zero.ts";
import type { OpCase } from "../op-case.ts";

export const cases: readonly OpCase[] = [1, 65, 1757].map((N) => ({
  name: `zero ${String(N)}`,
  inputs: { x: { shape: [N], differentiable: false } },
  build: (tape, { x }) => {
    zero(tape, x!);
    return [x!];
  },
}));
