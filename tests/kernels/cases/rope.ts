// Generic test entries of the rotary embedding: both layouts, all heads and q and k of a packed row.
import { rope, ropeTables } from "../../../src/kernels/rope.ts";
import type { OpCase } from "../op-case.ts";

const POSITIONS = 40;
const SHAPES = [
  { R: 1, heads: 1, rotated: 1, D: 2, interleaved: false, twice: false },
  { R: 7, heads: 3, rotated: 2, D: 6, interleaved: false, twice: true },
  { R: 65, heads: 6, rotated: 4, D: 16, interleaved: false, twice: false },
  { R: 7, heads: 3, rotated: 3, D: 6, interleaved: true, twice: false },
  { R: 33, heads: 3, rotated: 2, D: 10, interleaved: true, twice: true },
];

export const cases: readonly OpCase[] = SHAPES.map((shape) => {
  const { R, heads, rotated, D, interleaved, twice } = shape;
  const { cosines, sines } = ropeTables(POSITIONS, D);
  const table = (values: Float32Array) => ({
    shape: [POSITIONS, D / 2],
    value: (i: number) => values[i]!,
    differentiable: false,
  });
  return {
    name: `rope R=${String(R)} heads=${String(rotated)}/${String(heads)} D=${String(D)}${interleaved ? " interleaved" : ""}${twice ? " twice" : ""}`,
    inputs: {
      x: { shape: [R, heads * D] },
      pos: { shape: [R], dtype: "u32", value: (i) => (i * 7) % POSITIONS },
      cosines: table(cosines),
      sines: table(sines),
    },
    build: (tape, { x, pos, cosines, sines }) => {
      const once = (): ReturnType<typeof rope> =>
        rope(tape, x!, pos!, { cosines: cosines!, sines: sines! }, { heads, rotated, interleaved });
      return twice ? [once(), once()] : [once()];
    },
  };
});
