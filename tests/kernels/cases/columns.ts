// Generic test entries of columns and position ids.
import { columns } from "../../../src/kernels/columns.ts";
import { positionIds } from "../../../src/kernels/position.ts";
import { residual } from "../../../src/kernels/residual.ts";
import type { OpCase } from "../op-case.ts";

const picks: OpCase[] = [
  { B: 1, T: 1, C: 1, first: 0, count: 1 },
  { B: 3, T: 7, C: 5, first: 2, count: 4 },
  { B: 5, T: 65, C: 3, first: 64, count: 1 },
].map(({ B, T, C, first, count }) => ({
  name: `columns ${String(first)}+${String(count)} of ${String(B)}x${String(T)}x${String(C)}`,
  inputs: { x: { shape: [B * T, C] }, d: { shape: [B * count, C] } },
  // picked twice: the second derivative accumulates
  build: (tape, { x, d }) => [
    residual(tape, columns(tape, x!, { B, T, first, count }), d!),
    columns(tape, x!, { B, T, first: 0, count }),
  ],
}));

const positions: OpCase[] = [1, 7, 65].map((T) => ({
  name: `position ids ${String(T)}`,
  inputs: { mask: { shape: [3, T], dtype: "u32", value: (_i, next) => (next() < 0.7 ? 1 : 0) } },
  build: (tape, { mask }) => [positionIds(tape, mask!)],
}));

export const cases: readonly OpCase[] = [...picks, ...positions];
