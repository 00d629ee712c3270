// Generic test entries of attention: awkward head widths, left and right padding, rows without a key.
import { attention } from "../../../src/kernels/attention.ts";
import type { OpCase } from "../op-case.ts";

interface Shape {
  readonly B: number;
  readonly T: number;
  readonly H: number;
  readonly D: number;
  /** padded columns of sequence b, at the left for even b and at the right for odd b */
  readonly pad?: number;
  /** attends twice to the same qkv, so that the second derivative is added */
  readonly twice?: boolean;
  readonly variants?: "all" | "files";
}

const SHAPES: readonly Shape[] = [
  { B: 1, T: 1, H: 1, D: 4 },
  { B: 1, T: 1, H: 2, D: 5 },
  { B: 2, T: 7, H: 3, D: 5, pad: 2 },
  { B: 3, T: 33, H: 2, D: 8, pad: 5, variants: "all" },
  { B: 2, T: 65, H: 2, D: 6, pad: 40 },
  { B: 2, T: 67, H: 2, D: 16, pad: 9 },
  { B: 2, T: 9, H: 1, D: 32, twice: true },
  { B: 2, T: 9, H: 3, D: 7, pad: 9, twice: true },
  { B: 1, T: 6, H: 1, D: 128 },
];

export const cases: readonly OpCase[] = SHAPES.map((shape) => ({
  ...caseOf(shape),
  ...(shape.variants === undefined ? {} : { variants: shape.variants }),
}));

function caseOf({ B, T, H, D, pad = 0, twice = false }: Shape): OpCase {
  return {
    name: `attention B=${String(B)} T=${String(T)} H=${String(H)} D=${String(D)} pad=${String(pad)}${twice ? " twice" : ""}`,
    inputs: {
      qkv: { shape: [B * T, 3 * H * D] },
      mask: {
        shape: [B, T],
        dtype: "u32",
        value: (i) => {
          const [b, t] = [Math.floor(i / T), i % T];
          return (b % 2 === 0 ? t >= pad : t < T - pad) ? 1 : 0;
        },
      },
    },
    build: (tape, { qkv, mask }) => {
      const once = (): ReturnType<typeof attention> => attention(tape, qkv!, mask!, B, T, H);
      return twice ? [once(), once()] : [once()];
    },
  };
}
