// Generic test entries of the embedding op.
import { embedding } from "../../../src/kernels/embedding.ts";
import { residual } from "../../../src/kernels/residual.ts";
import type { OpCase } from "../op-case.ts";

const below = (n: number) => (_i: number, next: () => number) => Math.floor(next() * n);

const sizes = [
  [1, 1, 1, 1],
  [7, 5, 3, 4],
  [65, 11, 8, 10],
  [257, 65, 16, 64],
  [68, 13, 9, 36],
] as const;

export const cases: readonly OpCase[] = sizes.flatMap(([R, V, P, C]) =>
  [true, false].map((learned) => ({
    name: `embedding ${String(R)} tokens, ${String(V)}x${String(C)}, ${learned ? "with" : "without"} positions, twice`,
    ...(R === 68 ? { variants: "all" as const } : {}),
    inputs: {
      ids: { shape: [R], dtype: "i32" as const, value: below(V) },
      other: { shape: [R], dtype: "i32" as const, value: below(V) },
      pos: { shape: [R], dtype: "u32" as const, value: below(P) },
      wte: { shape: [V, C] },
      ...(learned ? { wpe: { shape: [P, C] } } : {}),
    },
    // the same table twice: the second gradient accumulates
    build: (tape, { ids, other, pos, wte, wpe }) => [
      residual(
        tape,
        embedding(tape, ids!, pos!, wte!, learned ? wpe! : undefined),
        embedding(tape, other!, pos!, wte!, undefined),
      ),
    ],
  })),
);
