// GELU with the tanh approximation (Hendrycks & Gimpel 2016, eq. 2; GPT-2's activation).
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

interface Consts {
  readonly [name: string]: number | boolean;
  readonly N: number;
}

/** gelu(v), tanh approximation. */
export function geluAt(v: number): number {
  return 0.5 * v * (1 + Math.tanh(SQRT_2_OVER_PI * (v + CUBIC * v * v * v)));
}

/** gelu'(v), tanh approximation. */
export function geluSlopeAt(v: number): number {
  const t = Math.tanh(SQRT_2_OVER_PI * (v + CUBIC * v * v * v));
  const slope = SQRT_2_OVER_PI * (1 + 3 * CUBIC * v * v);
  return 0.5 * (1 + t) + 0.5 * v * (1 - t * t) * slope;
}

export const geluForward: Kernel<"x" | "y", Consts> = {
  name: "gelu",
  writes: ["y"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ x, y }, { N }) {
    for (let i = 0; i < N; i++) y[i] = geluAt(x[i]!);
  },
};

export const geluBackward: Kernel<"x" | "dy" | "dx", Consts & { readonly ACCUMULATE: boolean }> = {
  name: "gelu_backward",
  writes: ["dx"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ x, dy, dx }, { N, ACCUMULATE }) {
    for (let i = 0; i < N; i++) {
      const d = geluSlopeAt(x[i]!) * dy[i]!;
      dx[i] = ACCUMULATE ? dx[i]! + d : d;
    }
  },
};

/** y = gelu(x), any shape. */
export function gelu(tape: Tape, x: Tensor): Tensor {
  const N = size(x.shape);
  const y = tape.activation("gelu", x.shape, x);
  tape.call(geluForward, { x, y }, { N });
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    const dx = tape.into(x);
    if (dx === undefined) return;
    tape.call(geluBackward, { x, dy, dx: dx.tensor }, { N, ACCUMULATE: dx.ACCUMULATE });
  });
  return y;
}
