// Makes the engine's live scalars from a case's hyper-parameters.
import { KNOBS, KNOB_COUNT } from "../kernels/knobs.ts";
import type { Tensor } from "../plan/tensor.ts";
import type { Bench } from "./bench.ts";

/** A knobs tensor with the named values; the others are 0. */
export function knobs(
  bench: Bench,
  values: Readonly<Partial<Record<keyof typeof KNOBS, number>>>,
): Tensor {
  const array = new Float32Array(KNOB_COUNT);
  for (const [name, value] of Object.entries(values)) {
    array[KNOBS[name as keyof typeof KNOBS]] = value;
  }
  return bench.constant("knobs", [KNOB_COUNT], array);
}
