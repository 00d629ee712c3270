// What the losses have in common: their result, a check of sizes and a place for unwanted derivatives.
import type { Tape, Target } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

export interface Loss {
  /** [] the scalar that backward differentiates, with weight 1 */
  readonly loss: Tensor;
  /** statistics of the minibatch; each loss documents their indices */
  readonly stats: Tensor;
}

/** Where a kernel that writes several derivatives puts one that nobody wants. */
export function unused(tape: Tape, N: number): Target {
  return { tensor: tape.scratch("unused", [N]), ACCUMULATE: false };
}

/** The common number of elements of all inputs; throws when they differ. */
export function sameSize(op: string, inputs: readonly [Tensor, ...Tensor[]]): number {
  const N = size(inputs[0].shape);
  check(
    inputs.every(({ shape }) => size(shape) === N),
    `${op}: all inputs must have the same size, got ${inputs.map(describe).join(", ")}`,
  );
  return N;
}
