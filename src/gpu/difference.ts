// How far what a program writes is from what it should write.
import type { Call } from "../plan/tape.ts";

/** Two ways to compute the same may differ by rounding alone: so much, relative to the largest magnitude. */
const TOLERANCE = 2e-5;
/** A half has 11 significant bits: results that differ by rounding alone may be stored one step apart. */
const HALF_STEP = 2 ** -10;

/** How far results of a call may be apart, relative to the largest magnitude. */
export function toleranceOf({ kernel, bindings }: Call): number {
  const half = kernel.writes.some((name) => bindings[name]?.dtype === "f16");
  return half ? TOLERANCE + HALF_STEP : TOLERANCE;
}

export interface Difference {
  readonly absolute: number;
  /** to the largest expected magnitude of the tensor that it is in (at least 1) */
  readonly relative: number;
}

/** Largest differences over tensors in the same order. NaN on either side counts as infinite. */
export function differenceOf(
  got: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
): Difference {
  let absolute = 0;
  let relative = 0;
  expected.forEach((values, n) => {
    let scale = 1;
    let error = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? NaN;
      scale = Math.max(scale, Math.abs(value));
      const difference = Math.abs(value - (got[n]?.[i] ?? NaN));
      // NaN compares false with everything and must count
      if (!(difference <= error)) error = Number.isNaN(difference) ? Infinity : difference;
    }
    absolute = Math.max(absolute, error);
    relative = Math.max(relative, error / scale);
  });
  return { absolute, relative };
}
