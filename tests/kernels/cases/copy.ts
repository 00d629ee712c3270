// Generic test entries of the copy between plans.
import { copy } from "../../../src/kernels/copy.ts";
import type { OpCase } from "../op-case.ts";

export const cases: readonly OpCase[] = [
  ...[1, 7, 257].map((N): OpCase => ({
    name: `copy ${String(N)}`,
    inputs: { x: { shape: [N], differentiable: false } },
    build: (tape, { x }) => {
      const y = tape.scratch("copy", [N]);
      copy(tape, x!, y);
      return [y];
    },
  })),
  {
    name: "copy of negative integers",
    inputs: { x: { shape: [65], dtype: "i32", value: (i) => -i } },
    build: (tape, { x }) => {
      const y = tape.scratch("copy", [65], "i32");
      copy(tape, x!, y);
      return [y];
    },
  },
];
