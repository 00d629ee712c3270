// Activations beside GPT-2's: GELU with the error function, SiLU and SwiGLU.
import { row } from "../plan/kernel.ts";
import type { Grid, Kernel } from "../plan/kernel.ts";
import type { Tape, Target } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

interface Consts {
  readonly [name: string]: number | boolean;
  readonly N: number;
}
type Forward = Kernel<"x" | "y", Consts>;
type Backward = Kernel<"x" | "dy" | "dx", Consts & { readonly ACCUMULATE: boolean }>;

const grid = ({ N }: Consts): Grid => row(Math.ceil(N / 64));

/** The normal distribution function by Abramowitz & Stegun 7.1.26, as the shader computes it. */
function phi(v: number): number {
  const z = Math.min(Math.abs(v) * Math.SQRT1_2, 13);
  const t = 1 / (1 + 0.3275911 * z);
  const inner = 1.421413741 + t * (-1.453152027 + t * 1.061405429);
  const q = 0.5 * t * (0.254829592 + t * (-0.284496736 + t * inner)) * Math.exp(-z * z);
  return v < 0 ? q : 1 - q;
}

function sigmoid(v: number): number {
  return 1 / (1 + Math.exp(Math.min(80, Math.max(-80, -v))));
}

/** Forward and backward kernels of y = f(x), element by element, from f and its derivative. */
function elementwise(
  { name, backwardName }: { name: string; backwardName: string },
  f: (v: number) => number,
  derivative: (v: number) => number,
): { forward: Forward; backward: Backward } {
  const forward: Forward = {
    name,
    writes: ["y"],
    grid,
    reference({ x, y }, { N }) {
      for (let i = 0; i < N; i++) y[i] = f(x[i]!);
    },
  };
  const backward: Backward = {
    name: backwardName,
    writes: ["dx"],
    grid,
    reference({ x, dy, dx }, { N, ACCUMULATE }) {
      for (let i = 0; i < N; i++) {
        dx[i] = (ACCUMULATE ? dx[i]! : 0) + derivative(x[i]!) * dy[i]!;
      }
    },
  };
  return { forward, backward };
}

const siluSlope = (v: number): number => sigmoid(v) * (1 + v * (1 - sigmoid(v)));

const geluErfKernels = elementwise(
  { name: "gelu_erf", backwardName: "gelu_erf_backward" },
  (v) => v * phi(v),
  (v) => phi(v) + (v * Math.exp(-0.5 * v * v)) / Math.sqrt(2 * Math.PI),
);
const siluKernels = elementwise(
  { name: "silu", backwardName: "silu_backward" },
  (v) => v * sigmoid(v),
  siluSlope,
);

function apply(
  tape: Tape,
  x: Tensor,
  { forward, backward }: { forward: Forward; backward: Backward },
): Tensor {
  const N = size(x.shape);
  const y = tape.activation(forward.name, x.shape, x);
  tape.call(forward, { x, y }, { N });
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    const dx = tape.into(x);
    if (dx === undefined) return;
    tape.call(backward, { x, dy, dx: dx.tensor }, { N, ACCUMULATE: dx.ACCUMULATE });
  });
  return y;
}

/** y = x/2 (1 + erf(x / sqrt 2)), any shape (Hendrycks & Gimpel 2016, eq. 1). */
export function geluErf(tape: Tape, x: Tensor): Tensor {
  return apply(tape, x, geluErfKernels);
}

/** y = x · sigmoid(x), any shape (Hendrycks & Gimpel 2016; Ramachandran et al. 2017). */
export function silu(tape: Tape, x: Tensor): Tensor {
  return apply(tape, x, siluKernels);
}

export const swigluForward: Kernel<"gate" | "up" | "y", Consts> = {
  name: "swiglu",
  writes: ["y"],
  grid,
  reference({ gate, up, y }, { N }) {
    for (let i = 0; i < N; i++) y[i] = gate[i]! * sigmoid(gate[i]!) * up[i]!;
  },
};

export const swigluBackward: Kernel<
  "gate" | "up" | "dy" | "dgate" | "dup",
  Consts & { readonly ACCUMULATE_GATE: boolean; readonly ACCUMULATE_UP: boolean }
> = {
  name: "swiglu_backward",
  writes: ["dgate", "dup"],
  grid,
  reference({ gate, up, dy, dgate, dup }, { N, ACCUMULATE_GATE, ACCUMULATE_UP }) {
    for (let i = 0; i < N; i++) {
      const g = gate[i]!;
      dgate[i] = (ACCUMULATE_GATE ? dgate[i]! : 0) + siluSlope(g) * up[i]! * dy[i]!;
      dup[i] = (ACCUMULATE_UP ? dup[i]! : 0) + g * sigmoid(g) * dy[i]!;
    }
  },
};

/**
 * y = silu(gate) · up, element by element (Shazeer 2020, eq. 6, between the projections).
 * @throws RangeError when the sizes differ or both operands are the same tensor.
 */
export function swiglu(tape: Tape, gate: Tensor, up: Tensor): Tensor {
  const N = size(gate.shape);
  check(
    size(up.shape) === N && gate !== up,
    `swiglu: got ${describe(gate)} and ${describe(up)}, expected two tensors of equal shapes`,
  );
  const y = tape.activation("swiglu", gate.shape, gate, up);
  tape.call(swigluForward, { gate, up, y }, { N });
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    const unused = (): Target => ({ tensor: tape.scratch("unused", [N]), ACCUMULATE: false });
    const dgate = tape.into(gate) ?? unused();
    const dup = tape.into(up) ?? unused();
    tape.call(
      swigluBackward,
      { gate, up, dy, dgate: dgate.tensor, dup: dup.tensor },
      { N, ACCUMULATE_GATE: dgate.ACCUMULATE, ACCUMULATE_UP: dup.ACCUMULATE },
    );
  });
  return y;
}
