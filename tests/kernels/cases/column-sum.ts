// Generic test entries of the column sum, as the derivative of a broadcast row would use it.
import { columnSum } from "../../../src/kernels/column-sum.ts";
import type { OpCase } from "../op-case.ts";

const SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [7, 65],
  [33, 7],
  [257, 130],
  [1757, 3],
];

export const cases: readonly OpCase[] = SHAPES.map(([R, C]) => ({
  name: `columnSum ${String(R)}x${String(C)}`,
  inputs: { x: { shape: [R, C], differentiable: false } },
  build: (tape, { x }) => {
    const once = tape.scratch("once", [C]);
    const twice = tape.scratch("twice", [C]);
    columnSum(tape, x!, { tensor: once, ACCUMULATE: false });
    columnSum(tape, x!, { tensor: twice, ACCUMULATE: false });
    columnSum(tape, x!, { tensor: twice, ACCUMULATE: true });
    return [once, twice];
  },
}));
