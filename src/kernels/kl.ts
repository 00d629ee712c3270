// KL divergence to a reference: the three per-token estimators (Schulman 2020) and the exact sum over the vocabulary.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor, TypedArray } from "../plan/tensor.ts";

interface Count {
  readonly [name: string]: number | boolean;
  readonly N: number;
}

/** exp(-d) - 1 + d without cancellation, d = lp - ref; never negative. */
export function k3(d: number): number {
  return Math.expm1(-d) + d;
}

export const klEstimatorsForward: Kernel<"lp" | "reference" | "first" | "second" | "third", Count> =
  {
    name: "kl_estimators",
    writes: ["first", "second", "third"],
    grid: ({ N }) => row(Math.ceil(N / 64)),
    reference({ lp, reference, first, second, third }, { N }) {
      for (let i = 0; i < N; i++) {
        const d = lp[i]! - reference[i]!;
        first[i] = d;
        second[i] = (d * d) / 2;
        third[i] = k3(d);
      }
    },
  };

export const klEstimatorsBackward: Kernel<
  "lp" | "reference" | "dfirst" | "dsecond" | "dthird" | "dlp",
  Count & {
    readonly FIRST: boolean;
    readonly SECOND: boolean;
    readonly THIRD: boolean;
    readonly ACCUMULATE: boolean;
  }
> = {
  name: "kl_estimators_backward",
  writes: ["dlp"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference(buffers, { N, FIRST, SECOND, THIRD, ACCUMULATE }) {
    const { lp, reference, dfirst, dsecond, dthird, dlp } = buffers;
    for (let i = 0; i < N; i++) {
      const d = lp[i]! - reference[i]!;
      let sum = ACCUMULATE ? dlp[i]! : 0;
      if (FIRST) sum += dfirst[i]!;
      if (SECOND) sum += dsecond[i]! * d;
      if (THIRD) sum += dthird[i]! * -Math.expm1(-d);
      dlp[i] = sum;
    }
  },
};

export interface KlEstimators {
  /** d = lp - ref: unbiased, may be negative for a token */
  readonly k1: Tensor;
  /** d² / 2: its slope is the right one when it is used as a loss */
  readonly k2: Tensor;
  /** exp(-d) - 1 + d: unbiased and never negative */
  readonly k3: Tensor;
}

/**
 * The three estimators of KL(policy || reference) from tokens that the policy sampled. Backward reaches lp.
 * @param lp log-probabilities under the policy, any shape
 * @param reference under the reference, a constant
 * @throws RangeError when the sizes differ.
 */
export function klEstimators(tape: Tape, lp: Tensor, reference: Tensor): KlEstimators {
  const N = size(lp.shape);
  check(
    size(reference.shape) === N,
    `klEstimators: needs as many reference values as values, got ${describe(lp)} and ${describe(reference)}`,
  );
  const first = tape.result("k1", lp.shape, lp);
  const second = tape.result("k2", lp.shape, lp);
  const third = tape.result("k3", lp.shape, lp);
  tape.call(klEstimatorsForward, { lp, reference, first, second, third }, { N });
  tape.onBackward([first, second, third], () => {
    const [dfirst, dsecond, dthird] = [first, second, third].map((output) =>
      tape.hasGradient(output) ? tape.gradientOf(output) : undefined,
    );
    const dlp = tape.into(lp);
    if (dlp === undefined) return;
    tape.call(
      klEstimatorsBackward,
      {
        lp,
        reference,
        dfirst: dfirst ?? lp,
        dsecond: dsecond ?? lp,
        dthird: dthird ?? lp,
        dlp: dlp.tensor,
      },
      {
        N,
        FIRST: dfirst !== undefined,
        SECOND: dsecond !== undefined,
        THIRD: dthird !== undefined,
        ACCUMULATE: dlp.ACCUMULATE,
      },
    );
  });
  return { k1: first, k2: second, k3: third };
}

interface Sizes {
  readonly [name: string]: number | boolean;
  readonly R: number;
  readonly V: number;
}

/** Maximum of a row and log of the sum of exponentials above it. */
function normalise(logits: TypedArray, at: number, V: number): { largest: number; logSum: number } {
  let largest = -1e30;
  for (let v = 0; v < V; v++) largest = Math.max(largest, logits[at + v]!);
  let sum = 0;
  for (let v = 0; v < V; v++) sum += Math.exp(logits[at + v]! - largest);
  return { largest, logSum: Math.log(sum) };
}

export const klFullForward: Kernel<"logits" | "reference" | "kl" | "normaliser", Sizes> = {
  name: "kl_full",
  writes: ["kl", "normaliser"],
  grid: ({ R }) => row(Math.ceil(R / 64)),
  reference({ logits, reference, kl, normaliser }, { R, V }) {
    for (let r = 0; r < R; r++) {
      const p = normalise(logits, r * V, V);
      const q = normalise(reference, r * V, V);
      let sum = 0;
      for (let v = r * V; v < (r + 1) * V; v++) {
        const logP = logits[v]! - p.largest - p.logSum;
        sum += Math.exp(logP) * (logP - (reference[v]! - q.largest - q.logSum));
      }
      kl[r] = sum;
      normaliser.set([p.largest, p.logSum, q.largest, q.logSum], 4 * r);
    }
  },
};

export const klFullBackward: Kernel<
  "logits" | "reference" | "kl" | "normaliser" | "dkl" | "dlogits",
  Sizes & { readonly ACCUMULATE: boolean }
> = {
  name: "kl_full_backward",
  writes: ["dlogits"],
  grid: ({ R, V }) => row(Math.ceil((R * V) / 64)),
  reference({ logits, reference, kl, normaliser, dkl, dlogits }, { R, V, ACCUMULATE }) {
    for (let i = 0; i < R * V; i++) {
      const r = Math.floor(i / V);
      const logP = logits[i]! - normaliser[4 * r]! - normaliser[4 * r + 1]!;
      const logQ = reference[i]! - normaliser[4 * r + 2]! - normaliser[4 * r + 3]!;
      const d = dkl[r]! * Math.exp(logP) * (logP - logQ - kl[r]!);
      dlogits[i] = ACCUMULATE ? dlogits[i]! + d : d;
    }
  },
};

/**
 * kl (R) = sum over the vocabulary of p (log p - log q), p = softmax(logits), q = softmax(reference).
 * @param logits (R,V) or any shape that ends in V
 * @param reference the same shape, a constant
 * @throws RangeError when the sizes differ.
 */
export function klFull(tape: Tape, logits: Tensor, reference: Tensor): Tensor {
  const V = logits.shape.at(-1) ?? 1;
  const R = size(logits.shape) / V;
  check(
    size(reference.shape) === R * V,
    `klFull: needs two equal shapes, got ${describe(logits)} and ${describe(reference)}`,
  );
  const kl = tape.result("kl", logits.shape.slice(0, -1), logits);
  const normaliser = tape.scratch("kl.normaliser", [R, 4]);
  tape.call(klFullForward, { logits, reference, kl, normaliser }, { R, V });
  tape.onBackward(kl, () => {
    const dkl = tape.gradientOf(kl);
    const dlogits = tape.into(logits);
    if (dlogits === undefined) return;
    const bindings = { logits, reference, kl, normaliser, dkl, dlogits: dlogits.tensor };
    tape.call(klFullBackward, bindings, { R, V, ACCUMULATE: dlogits.ACCUMULATE });
  });
  return kl;
}
