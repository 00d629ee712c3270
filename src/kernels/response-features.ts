// What a reward head sees of a response: pooled hidden states, pooled word embeddings, fluency and length.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

interface Sizes {
  readonly [name: string]: number | boolean;
  readonly B: number;
  readonly G: number;
  readonly C: number;
}

/** Scales that bring the parts to about unit size, so that one weight decay fits all. */
const LAST = 0.5;
const LENGTH = 3;

/** Number of features of a model of width C: mean h, mean e, last h, mean log-probability, length. */
export function featureCount(C: number): number {
  return 3 * C + 2;
}

export const featuresForward: Kernel<"h" | "e" | "logp" | "mask" | "y", Sizes> = {
  name: "response_features",
  writes: ["y"],
  grid: ({ B, C }) => row(Math.ceil((B * (C + 1)) / 64)),
  reference({ h, e, logp, mask, y }, { B, G, C }) {
    const F = featureCount(C);
    for (let b = 0; b < B; b++) {
      let n = 0;
      let fluency = 0;
      for (let j = 0; j < G; j++) {
        n += mask[b * G + j]!;
        fluency += mask[b * G + j]! * logp[b * G + j]!;
      }
      const share = 1 / Math.max(1, n);
      for (let c = 0; c < C; c++) {
        let state = 0;
        let word = 0;
        for (let j = 0; j < n; j++) {
          state += h[(b * G + j) * C + c]!;
          word += e[(b * G + j) * C + c]!;
        }
        y[b * F + c] = state * share;
        y[b * F + C + c] = word * share * Math.sqrt(C);
        y[b * F + 2 * C + c] = LAST * h[(b * G + Math.max(0, n - 1)) * C + c]!;
      }
      y[b * F + 3 * C] = fluency * share;
      y[b * F + 3 * C + 1] = (LENGTH * n) / G;
    }
  },
};

export const featuresBackward: Kernel<
  "dy" | "mask" | "dh",
  Sizes & { readonly ACCUMULATE: boolean }
> = {
  name: "response_features_backward",
  writes: ["dh"],
  grid: ({ B, G, C }) => row(Math.ceil((B * G * C) / 64)),
  reference({ dy, mask, dh }, { B, G, C, ACCUMULATE }) {
    const F = featureCount(C);
    for (let b = 0; b < B; b++) {
      let n = 0;
      for (let j = 0; j < G; j++) n += mask[b * G + j]!;
      for (let j = 0; j < G; j++) {
        for (let c = 0; c < C; c++) {
          const pooled = j < n ? dy[b * F + c]! / n : 0;
          const last = j === Math.max(0, n - 1) ? LAST * dy[b * F + 2 * C + c]! : 0;
          const at = (b * G + j) * C + c;
          dh[at] = (ACCUMULATE ? dh[at]! : 0) + pooled + last;
        }
      }
    }
  },
};

export interface FeatureInputs {
  /** (B*G,C) hidden states at the response columns */
  readonly h: Tensor;
  /** (B*G,C) embeddings of the response tokens; a constant */
  readonly e: Tensor;
  /** (B,G) log-probabilities under the reference model; a constant */
  readonly logp: Tensor;
  /** (B,G) f32, a prefix of ones */
  readonly mask: Tensor;
}

/**
 * Features (B, 3C+2) of responses: mean hidden state, mean word embedding, last hidden state, mean
 * log-probability, length. Backward reaches h. The paper's head reads the last hidden state alone, which at
 * this size holds too little (docs/LOG.md).
 * @throws RangeError when the shapes disagree.
 */
export function responseFeatures(tape: Tape, { h, e, logp, mask }: FeatureInputs): Tensor {
  const [B = 0, G = 0] = mask.shape;
  const C = size(h.shape) / (B * G);
  check(
    Number.isInteger(C) && size(e.shape) === size(h.shape) && size(logp.shape) === B * G,
    `responseFeatures: ${describe(h)}, ${describe(e)} and ${describe(logp)} do not fit ${describe(mask)}`,
  );
  const y = tape.result("features", [B, featureCount(C)], h);
  tape.call(featuresForward, { h, e, logp, mask, y }, { B, G, C });
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    const dh = tape.into(h);
    if (dh === undefined) return;
    tape.call(
      featuresBackward,
      { dy, mask, dh: dh.tensor },
      { B, G, C, ACCUMULATE: dh.ACCUMULATE },
    );
  });
  return y;
}
