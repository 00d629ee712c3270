// AdamW state of one model and the calls that update it: norm, clip coefficient, moments, weights.
import { ADAMW_KNOBS, adamw } from "../kernels/adamw.ts";
import { NORM_STATE, globalNorm } from "../kernels/global-norm.ts";
import type { Parameters } from "../model/parameters.ts";
import type { Tape } from "../plan/tape.ts";
import { check, persistent } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

export interface Optimiser {
  readonly m: Tensor;
  readonly v: Tensor;
  /** norm, clip coefficient, finite flag, skipped updates: see NORM_STATE */
  readonly state: Tensor;
  /** written by the host before each step: see ADAMW_KNOBS */
  readonly knobs: Tensor;
}

export function makeOptimiser(parameters: Parameters): Optimiser {
  const { label, values } = parameters;
  return {
    m: persistent(`${label}.m`, values.shape, "f32", "moments"),
    v: persistent(`${label}.v`, values.shape, "f32", "moments"),
    state: persistent(`${label}.norm`, [NORM_STATE.size]),
    knobs: persistent(`${label}.optimiser`, [ADAMW_KNOBS.size]),
  };
}

/** Appends the update to a tape whose gradients are complete. */
export function update(tape: Tape, parameters: Parameters, optimiser: Optimiser): void {
  const { gradients, values, decayEnd, label } = parameters;
  check(gradients !== undefined, `update: ${label} is frozen, expected trainable parameters`);
  tape.scope("update", () => {
    globalNorm(tape, gradients, optimiser.state, optimiser.knobs);
    const { m, v, state, knobs } = optimiser;
    adamw(tape, values, gradients, m, v, state, knobs, decayEnd);
  });
}
