// Masks and knobs that several cases share.
import { KNOB_COUNT, KNOBS } from "../../src/kernels/knobs.ts";
import type { InputSpec } from "./op-case.ts";

/** (B,G): row b is a prefix of b % (G + 1) ones, so row 0 is empty; with one row the mask is full. */
export function prefixMask(B: number, G: number): InputSpec {
  return {
    shape: [B, G],
    differentiable: false,
    value: (i) => (B === 1 || i % G < Math.floor(i / G) % (G + 1) ? 1 : 0),
  };
}

const VALUES: Readonly<Record<keyof typeof KNOBS, number>> = {
  temperature: 0.7,
  beta: 0.05,
  missingEos: 1.5,
  gamma: 0.98,
  lambda: 0.9,
  clip: 0.2,
  valueClip: 0.3,
  valueCoefficient: 0.5,
  entropyCoefficient: 0.01,
  ptxCoefficient: 27.8,
  clipHigh: 0.28,
  labelSmoothing: 0.1,
  centering: 0.01,
};

/** A knobs tensor with a different value in every place. */
export function knobValues(overrides: Partial<typeof VALUES> = {}): InputSpec {
  const values = Array.from({ length: KNOB_COUNT }, () => 0);
  for (const [name, value] of Object.entries({ ...VALUES, ...overrides })) {
    values[KNOBS[name as keyof typeof KNOBS]] = value;
  }
  return { shape: [KNOB_COUNT], differentiable: false, value: (i) => values[i]! };
}

/** The same tensor without a derivative. */
export function constant(...shape: number[]): InputSpec {
  return { shape, differentiable: false };
}
