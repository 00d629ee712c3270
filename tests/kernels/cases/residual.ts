// Generic test entries of the residual sum: shared, copied and accumulated derivatives.
import { gelu } from "../../../src/kernels/gelu.ts";
import { residual } from "../../../src/kernels/residual.ts";
import type { OpCase } from "../op-case.ts";

export const cases: readonly OpCase[] = [
  ...[1, 65, 1757].map((N): OpCase => ({
    name: `residual of parameters ${String(N)}`,
    inputs: { x: { shape: [N] }, f: { shape: [N] } },
    build: (tape, { x, f }) => [residual(tape, x!, f!)],
  })),
  {
    name: "residual stream of three blocks",
    inputs: { x: { shape: [7, 9] } },
    build: (tape, { x }) => {
      let y = gelu(tape, x!);
      for (let block = 0; block < 3; block++) y = residual(tape, y, gelu(tape, gelu(tape, y)));
      return [gelu(tape, y)];
    },
  },
  {
    name: "residual whose operand has a derivative already",
    inputs: { x: { shape: [33] } },
    build: (tape, { x }) => {
      const a = gelu(tape, x!);
      const y = residual(tape, a, gelu(tape, a));
      return [y, gelu(tape, a), residual(tape, gelu(tape, x!), x!)];
    },
  },
  {
    name: "residual used twice by one operand",
    inputs: { x: { shape: [33] }, z: { shape: [33] } },
    build: (tape, { x, z }) => {
      const first = residual(tape, x!, z!);
      return [first, residual(tape, x!, gelu(tape, z!))];
    },
  },
];
