// How answers that people see may be sampled; reinforcement learning always draws from the full distribution.
import { SAMPLING } from "../kernels/sample.ts";
import { check } from "../plan/tensor.ts";

export interface ShownSampling {
  /** divides the logits; 0 takes the most likely token */
  readonly temperature: number;
  /** keeps this many of the most likely tokens; 0 keeps all */
  readonly topK: number;
  /** keeps the fewest most likely tokens whose shares (of what top-k keeps) reach this sum; 1 keeps all */
  readonly topP: number;
}

/** The model's own distribution. */
export const FULL_DISTRIBUTION: ShownSampling = { temperature: 1, topK: 0, topP: 1 };

/** Whether tokens are drawn from the model's own distribution. */
export function isFull({ temperature, topK, topP }: ShownSampling): boolean {
  const full = FULL_DISTRIBUTION;
  return temperature === full.temperature && topK === full.topK && topP === full.topP;
}

/** The contents of a tensor of SAMPLING. @throws RangeError with one sentence for what nothing can be sampled with */
export function samplingValues({ temperature, topK, topP }: ShownSampling): Float32Array {
  const refuse = (what: string, found: number, expected: string): string =>
    `sampling: ${what} ${String(found)}, expected ${expected}; nothing was sampled.`;
  check(
    Number.isFinite(temperature) && temperature >= 0,
    refuse("a temperature of", temperature, "0 (the most likely token) or more"),
  );
  check(
    Number.isInteger(topK) && topK >= 0,
    refuse("a top-k of", topK, "a whole number of tokens, 0 for all"),
  );
  check(topP > 0 && topP <= 1, refuse("a top-p of", topP, "a share above 0, 1 for all"));
  const values = new Float32Array(SAMPLING.size);
  values[SAMPLING.temperature] = temperature;
  values[SAMPLING.topK] = topK;
  values[SAMPLING.topP] = topP;
  return values;
}
