// The residual sum y = x + f; backward is free, because both operands use the derivative of the sum itself.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

interface Sizes {
  readonly [name: string]: number | boolean;
  readonly N: number;
}

export const residualForward: Kernel<"x" | "f" | "y", Sizes> = {
  name: "residual",
  writes: ["y"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ x, f, y }, { N }) {
    for (let i = 0; i < N; i++) y[i] = x[i]! + f[i]!;
  },
};

export const residualBackward: Kernel<"dy" | "dx", Sizes & { readonly ACCUMULATE: boolean }> = {
  name: "residual_backward",
  writes: ["dx"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ dy, dx }, { N, ACCUMULATE }) {
    for (let i = 0; i < N; i++) dx[i] = ACCUMULATE ? dx[i]! + dy[i]! : dy[i]!;
  },
};

/**
 * y = x + f, equal shapes. Each operand takes over the derivative of y without a kernel; one that has a
 * derivative already, or is a parameter, gets a copy or a sum instead.
 * @throws RangeError when the sizes differ or both operands are the same tensor.
 */
export function residual(tape: Tape, x: Tensor, f: Tensor): Tensor {
  const N = size(x.shape);
  check(
    size(f.shape) === N,
    `residual: ${describe(x)} and ${describe(f)} differ in size, expected equal shapes`,
  );
  check(x !== f, `residual: both operands are ${describe(x)}, expected two tensors`);
  const y = tape.result("residual", x.shape, x, f);
  tape.call(residualForward, { x, f, y }, { N });
  tape.onBackward(y, () => {
    passOn(tape, x, y);
    passOn(tape, f, y);
  });
  return y;
}

/** The derivative of `y = operand + …` goes on to `operand`: shared where possible, else copied or added. */
export function passOn(tape: Tape, operand: Tensor, y: Tensor): void {
  if (tape.share(operand, y)) return;
  const dy = tape.gradientOf(y);
  const dx = tape.into(operand);
  if (dx === undefined) return;
  const consts = { N: size(y.shape), ACCUMULATE: dx.ACCUMULATE };
  tape.call(residualBackward, { dy, dx: dx.tensor }, consts);
}
