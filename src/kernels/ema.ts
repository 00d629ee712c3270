// Exponential moving average of parameters: shadow = decay · shadow + (1 - decay) · values.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import { eachRange } from "../plan/ranges.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

/** The contents of the knobs tensor (2): decay and its complement, subtracted before rounding to f32. */
export function emaKnobs(decay: number): Float32Array {
  return Float32Array.of(decay, 1 - decay);
}

interface Consts {
  readonly [name: string]: number | boolean;
  readonly N: number;
}

export const emaUpdate: Kernel<"shadow" | "values" | "knobs", Consts> = {
  name: "ema",
  writes: ["shadow"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ shadow, values, knobs }, { N }) {
    for (let i = 0; i < N; i++) shadow[i] = knobs[0]! * shadow[i]! + knobs[1]! * values[i]!;
  },
};

/**
 * Moves `shadow` (N) towards `values` (N) in place (InstructGPT C.4 keeps the policy's average, decay 0.992).
 * @param knobs (2), see emaKnobs
 * @throws RangeError when the sizes differ.
 */
export function ema(tape: Tape, shadow: Tensor, values: Tensor, knobs: Tensor): void {
  const N = size(shadow.shape);
  check(
    size(values.shape) === N && size(knobs.shape) === 2,
    `ema: got ${describe(values)} and knobs ${describe(knobs)} for ${describe(shadow)}, expected equal sizes and 2 knobs`,
  );
  eachRange(tape, shadow, ({ length, of }) => {
    tape.call(emaUpdate, { shadow: of(shadow), values: of(values), knobs }, { N: length });
  });
}
