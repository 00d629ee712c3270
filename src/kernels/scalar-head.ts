// A linear map from hidden states to one number per row: the value head, and the first half of the reward head.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape, Target } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Shape, Tensor } from "../plan/tensor.ts";
import { rowBlocks, rowsAndColumns } from "./column-sum.ts";
import type { RowBlocks } from "./column-sum.ts";

interface Sizes {
  readonly [name: string]: number | boolean;
  readonly R: number;
  readonly C: number;
}

export const scalarHeadForward: Kernel<"h" | "w" | "b" | "u", Sizes> = {
  name: "scalar_head",
  writes: ["u"],
  grid: ({ R }) => row(Math.ceil(R / 64)),
  reference({ h, w, b, u }, { R, C }) {
    for (let r = 0; r < R; r++) {
      let sum = b[0]!;
      for (let c = 0; c < C; c++) sum += h[r * C + c]! * w[c]!;
      u[r] = sum;
    }
  },
};

export const scalarHeadBackward: Kernel<
  "du" | "w" | "dh",
  Sizes & { readonly ACCUMULATE: boolean }
> = {
  name: "scalar_head_backward",
  writes: ["dh"],
  grid: ({ R, C }) => row(Math.ceil((R * C) / 64)),
  reference({ du, w, dh }, { R, C, ACCUMULATE }) {
    for (let i = 0; i < R * C; i++) {
      const d = du[Math.floor(i / C)]! * w[i % C]!;
      dh[i] = ACCUMULATE ? dh[i]! + d : d;
    }
  },
};

export const scalarHeadBackwardBlocks: Kernel<"h" | "du" | "partial", Sizes & RowBlocks> = {
  name: "scalar_head_backward_blocks",
  writes: ["partial"],
  grid: ({ C, BLOCKS }) => row(Math.ceil((BLOCKS * (C + 1)) / 64)),
  reference({ h, du, partial }, { R, C, ROWS }) {
    partial.fill(0);
    for (let r = 0; r < R; r++) {
      const at = Math.floor(r / ROWS) * (C + 1);
      for (let c = 0; c < C; c++) partial[at + c]! += h[r * C + c]! * du[r]!;
      partial[at + C]! += du[r]!;
    }
  },
};

export const scalarHeadBackwardParameters: Kernel<
  "partial" | "dw" | "db",
  {
    readonly C: number;
    readonly BLOCKS: number;
    readonly ACCUMULATE_W: boolean;
    readonly ACCUMULATE_B: boolean;
  }
> = {
  name: "scalar_head_backward_parameters",
  writes: ["dw", "db"],
  grid: ({ C }) => row(Math.ceil((C + 1) / 64)),
  reference({ partial, dw, db }, { C, BLOCKS, ACCUMULATE_W, ACCUMULATE_B }) {
    for (let c = 0; c <= C; c++) {
      let sum = 0;
      for (let p = 0; p < BLOCKS; p++) sum += partial[p * (C + 1) + c]!;
      if (c < C) dw[c] = ACCUMULATE_W ? dw[c]! + sum : sum;
      else db[0] = ACCUMULATE_B ? db[0]! + sum : sum;
    }
  },
};

/**
 * u = h · w + b for every row.
 * @param h (R,C) or any shape that ends in C
 * @param w (C) or (C,1)
 * @param b (1)
 * @param shape of the result, e.g. (B,G); the leading axes of h by default
 * @throws RangeError when w does not have C elements, b not one, or the shape not R.
 */
export function scalarHead(
  tape: Tape,
  h: Tensor,
  w: Tensor,
  b: Tensor,
  shape: Shape = h.shape.slice(0, -1),
): Tensor {
  const { R, C } = rowsAndColumns(h.shape);
  check(
    size(w.shape) === C && size(b.shape) === 1 && size(shape) === R,
    `scalarHead: ${describe(h)} needs ${String(C)} weights, one bias and ${String(R)} results, got ${describe(w)}, ${describe(b)} and [${shape.join(",")}]`,
  );
  const u = tape.result("scalar-head", shape, h, w, b);
  tape.call(scalarHeadForward, { h, w, b, u }, { R, C });
  tape.onBackward(u, () => {
    const du = tape.gradientOf(u);
    if (tape.wants(w) || tape.wants(b)) parameterGradients(tape, { h, w, b, du });
    const dh = tape.into(h);
    if (dh === undefined) return;
    const consts = { R, C, ACCUMULATE: dh.ACCUMULATE };
    tape.call(scalarHeadBackward, { du, w, dh: dh.tensor }, consts);
  });
  return u;
}

interface Operands {
  readonly h: Tensor;
  readonly w: Tensor;
  readonly b: Tensor;
  readonly du: Tensor;
}

function parameterGradients(tape: Tape, { h, w, b, du }: Operands): void {
  const { R, C } = rowsAndColumns(h.shape);
  const blocks = rowBlocks(R);
  const partial = tape.scratch("scalar-head.blocks", [blocks.BLOCKS, C + 1]);
  tape.call(scalarHeadBackwardBlocks, { h, du, partial }, { R, C, ...blocks });
  const unused = (length: number): Target => ({
    tensor: tape.scratch("unused", [length]),
    ACCUMULATE: false,
  });
  const dw = tape.into(w) ?? unused(C);
  const db = tape.into(b) ?? unused(1);
  tape.call(
    scalarHeadBackwardParameters,
    { partial, dw: dw.tensor, db: db.tensor },
    { C, BLOCKS: blocks.BLOCKS, ACCUMULATE_W: dw.ACCUMULATE, ACCUMULATE_B: db.ACCUMULATE },
  );
}
