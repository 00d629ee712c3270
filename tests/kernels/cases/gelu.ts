// Generic test entries of the GELU op.
import { gelu } from "../../../src/kernels/gelu.ts";
import type { OpCase } from "../op-case.ts";

export const cases: readonly OpCase[] = [1, 7, 65, 257, 1757].map((N) => ({
  name: `gelu ${String(N)}`,
  inputs: { x: { shape: [N] } },
  build: (tape, { x }) => [gelu(tape, x!)],
}));
