// The live scalars of RLHF: one f32 tensor that kernels read by index, so that changing a value never rebuilds a plan.
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

/** Index of each scalar in a knobs tensor (KNOB_COUNT elements of f32). */
export const KNOBS = {
  /** divides the logits; 1 leaves them alone */
  temperature: 0,
  /** weight of the KL to the reference model (InstructGPT eq. 2), or DPO's beta */
  beta: 1,
  /** what a response without EOS loses, or the score it gets instead, as the mode says */
  missingEos: 2,
  /** discount of GAE */
  gamma: 3,
  /** lambda of GAE */
  lambda: 4,
  /** PPO's clip range below 1 (and above it too, except in GRPO) */
  clip: 5,
  /** range around the old value in which the value may move; 0 or less turns value clipping off */
  valueClip: 6,
  /** weight of the value loss */
  valueCoefficient: 7,
  /** weight of the entropy bonus */
  entropyCoefficient: 8,
  /** weight of the pre-training loss (gamma of InstructGPT eq. 2) */
  ptxCoefficient: 9,
  /** GRPO's clip range above 1 */
  clipHigh: 10,
  /** label smoothing of DPO's sigmoid loss */
  labelSmoothing: 11,
  /** weight of the squared mean of a pair of rewards */
  centering: 12,
} as const;

/** Elements of a knobs tensor. */
export const KNOB_COUNT = 16;

/** One live scalar: element `index` of an f32 tensor. */
export interface Knob {
  readonly tensor: Tensor;
  readonly index: number;
}

/** Throws when a tensor is too short to hold all knobs. */
export function checkKnobs(op: string, knobs: Tensor): void {
  check(
    size(knobs.shape) >= KNOB_COUNT,
    `${op}: ${describe(knobs)} is not a knobs tensor, expected ${String(KNOB_COUNT)} elements`,
  );
}
