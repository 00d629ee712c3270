// Generic test entries of response masks.
import { responseMask } from "../../../src/kernels/response-mask.ts";
import type { OpCase } from "../op-case.ts";

const SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [5, 6],
  [65, 17],
];

/** Without padding, and with id 0 as padding: before, after and without an EOS, and in the first column. */
const WAYS = [
  { name: "", PAD: undefined },
  { name: ", padded", PAD: 0 },
];
const ALL = SHAPES.flatMap(([B, G]) => WAYS.map((way) => ({ B, G, ...way })));

export const cases: readonly OpCase[] = ALL.map(({ B, G, name, PAD }) => ({
  name: `responseMask ${String(B)}x${String(G)}${name}`,
  // ids 0..7, so that some rows have several EOS, some one and some none; row 0 has none
  inputs: {
    response: {
      shape: [B, G],
      dtype: "i32",
      value: (i, next) => (i < G && G > 1 ? 4 : Math.floor(next() * 8)),
    },
  },
  build: (tape, { response }) => {
    const { mask, length, hasEos, lastIndex } = responseMask(tape, response!, 1, PAD);
    return [mask, length, hasEos, lastIndex];
  },
}));
