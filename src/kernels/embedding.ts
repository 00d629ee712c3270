// Token embeddings plus learned positions, with gradients gathered per table row instead of scattered.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

interface Sizes {
  readonly [name: string]: number | boolean;
  /** tokens */
  readonly R: number;
  readonly C: number;
}

export const embeddingForward: Kernel<
  "ids" | "pos" | "wte" | "wpe" | "x",
  Sizes & { readonly POSITIONS: boolean }
> = {
  name: "embedding",
  writes: ["x"],
  grid: ({ R, C }) => row(Math.ceil((R * C) / 64)),
  reference({ ids, pos, wte, wpe, x }, { R, C, POSITIONS }) {
    for (let r = 0; r < R; r++) {
      for (let c = 0; c < C; c++) {
        const position = POSITIONS ? wpe[pos[r]! * C + c]! : 0;
        x[r * C + c] = wte[ids[r]! * C + c]! + position;
      }
    }
  },
};

/** Threads of one table row handle four columns each. */
const COLUMNS = 16;

export const embeddingBackward: Kernel<
  "ids" | "dx" | "dw",
  Sizes & { readonly V: number; readonly ACCUMULATE: boolean }
> = {
  name: "embedding_backward",
  writes: ["dw"],
  grid: ({ V, C }) => row(Math.ceil((V * Math.ceil(C / COLUMNS)) / 64)),
  variants: [
    {
      title: "embedding_backward_vec4",
      shader: "embedding_backward_vec4",
      applies: ({ R, C }) => R % 4 === 0 && C % 4 === 0,
      consts: (consts) => consts,
      grid: ({ V, C }) => row(Math.ceil((V * Math.ceil(C / (2 * COLUMNS))) / 64)),
    },
  ],
  reference({ ids, dx, dw }, { R, C, V, ACCUMULATE }) {
    if (!ACCUMULATE) dw.fill(0, 0, V * C);
    for (let r = 0; r < R; r++) {
      for (let c = 0; c < C; c++) dw[ids[r]! * C + c]! += dx[r * C + c]!;
    }
  },
};

/**
 * x[r] = wte[ids[r]] + wpe[pos[r]].
 * @param ids (B,T) i32 or u32 token ids, each below the rows of wte
 * @param pos (B,T) u32, each below the rows of wpe; not read without wpe
 * @param wte (V,C); @param wpe (P,C) or undefined
 * @returns (B*T, C)
 * @throws RangeError when ids and pos differ in size or the tables in width.
 */
export function embedding(
  tape: Tape,
  ids: Tensor,
  pos: Tensor,
  wte: Tensor,
  wpe: Tensor | undefined,
): Tensor {
  const R = size(ids.shape);
  const [V = 0, C = 0] = wte.shape;
  check(
    size(pos.shape) === R && (wpe === undefined || wpe.shape[1] === C),
    `embedding: ${describe(ids)} and ${describe(pos)} must have equal sizes, and ${describe(wte)} and its positions equal widths`,
  );
  const tables = wpe === undefined ? [wte] : [wte, wpe];
  const x = tape.result("embedding", [R, C], ...tables);
  const POSITIONS = wpe !== undefined;
  tape.call(embeddingForward, { ids, pos, wte, wpe: wpe ?? wte, x }, { R, C, POSITIONS });
  tape.onBackward(x, () => {
    const dx = tape.gradientOf(x);
    const gather = (table: Tensor, index: Tensor, rows: number): void => {
      const dw = tape.into(table);
      if (dw === undefined) return;
      const { ACCUMULATE } = dw;
      tape.call(
        embeddingBackward,
        { ids: index, dx, dw: dw.tensor },
        { R, C, V: rows, ACCUMULATE },
      );
    };
    gather(wte, ids, V);
    if (wpe !== undefined) gather(wpe, pos, wpe.shape[0] ?? 0);
  });
  return x;
}
