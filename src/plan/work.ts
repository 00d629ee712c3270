// How much arithmetic a plan is: for reports, and for guessing how long a call takes before it was measured.
import type { Call } from "./tape.ts";
import { size, tensorBytes } from "./tensor.ts";

/** Floating-point operations of a call; kernels that do not say count one per element that they touch. */
export function flopsOf({ kernel, consts, bindings }: Call): number {
  const own = kernel.flops?.(consts as never);
  if (own !== undefined) return own;
  return Object.values(bindings).reduce((sum, { shape }) => sum + size(shape), 0);
}

/** Floating-point operations of the calls that declare theirs: matrix products and attention. */
export function declaredFlops(calls: readonly Call[]): number {
  return calls.reduce((sum, { kernel, consts }) => sum + (kernel.flops?.(consts as never) ?? 0), 0);
}

/** Bytes of every tensor that a call binds, each once. */
export function bytesOf({ bindings }: Pick<Call, "bindings">): number {
  return [...new Set(Object.values(bindings))].reduce(
    (sum, tensor) => sum + tensorBytes(tensor),
    0,
  );
}
