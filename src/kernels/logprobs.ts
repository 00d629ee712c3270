// Log-probability of given tokens and entropy of the distribution they came from, at a live temperature.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Shape, Tensor, TypedArray } from "../plan/tensor.ts";
import { COLUMNS_PER_THREAD, gridOf, inVectors } from "./cross-entropy.ts";
import type { Knob } from "./knobs.ts";
import { vectorVariant } from "./row-variants.ts";
import { isBanned, joinParts, softmaxParts } from "./softmax-parts.ts";
import type { Joined } from "./softmax-parts.ts";

interface Sizes {
  readonly [name: string]: number | boolean;
  readonly R: number;
  readonly V: number;
  readonly TEMPERED: boolean;
  readonly TEMPERATURE: number;
}

export const logprobsForward: Kernel<
  "parts" | "logits" | "targets" | "knobs" | "logp" | "entropy" | "normaliser",
  Sizes & Joined
> = {
  name: "logprobs",
  writes: ["logp", "entropy", "normaliser"],
  grid: ({ R }) => row(Math.ceil(R / 64)),
  reference(buffers, { R, V, PARTS, GATHERED, TEMPERED, TEMPERATURE }) {
    const { parts, logits, targets, knobs, logp, entropy, normaliser } = buffers;
    const scale = TEMPERED ? 1 / knobs[TEMPERATURE]! : 1;
    for (let r = 0; r < R; r++) {
      const { largest, logSum, mean } = joinParts(parts, r, PARTS);
      const target = Math.min(V - 1, Math.max(0, targets[r]!));
      logp[r] = logits[GATHERED ? r : r * V + target]! * scale - largest - logSum;
      entropy[r] = logSum - mean;
      normaliser[2 * r] = largest;
      normaliser[2 * r + 1] = logSum;
    }
  },
};

interface Slopes {
  readonly THREADS: number;
  readonly BANNED: number;
  readonly HAS_DLOGP: boolean;
  readonly HAS_DENTROPY: boolean;
}
type Upstream = "targets" | "knobs" | "entropy" | "normaliser" | "dlogp" | "dentropy";

/** Gives each index the derivative of dlogp · logp + dentropy · entropy by that logit, after reading the logit. */
function slopes(
  buffers: Readonly<Record<Upstream, TypedArray>>,
  consts: Sizes & Slopes,
  logits: TypedArray,
  give: (at: number, d: number) => void,
): void {
  const { targets, knobs, entropy, normaliser, dlogp, dentropy } = buffers;
  const { R, V, TEMPERED, TEMPERATURE, BANNED, HAS_DLOGP, HAS_DENTROPY } = consts;
  const scale = TEMPERED ? 1 / knobs[TEMPERATURE]! : 1;
  for (let r = 0; r < R; r++) {
    const target = Math.min(V - 1, Math.max(0, targets[r]!));
    const a = HAS_DLOGP ? dlogp[r]! : 0;
    const e = HAS_DENTROPY ? dentropy[r]! : 0;
    for (let v = 0; v < V; v++) {
      const at = r * V + v;
      const z = logits[at]! * scale - normaliser[2 * r]! - normaliser[2 * r + 1]!;
      const p = isBanned(BANNED, v) ? 0 : Math.exp(z);
      const hit = v === target && !isBanned(BANNED, v) ? 1 : 0;
      const entropySlope = p === 0 ? 0 : -p * (z + entropy[r]!);
      give(at, (a * (hit - p) + e * entropySlope) * scale);
    }
  }
}

export const logprobsBackwardInPlace: Kernel<Upstream | "dlogits", Sizes & Slopes> = {
  name: "logprobs_backward_in_place",
  writes: ["dlogits"],
  variants: [vectorVariant("logprobs_backward_in_place", inVectors, gridOf)],
  tuningClass: () => "",
  grid: gridOf,
  reference({ dlogits, ...buffers }, consts) {
    slopes(buffers, consts, dlogits, (at, d) => (dlogits[at] = d));
  },
};

export const logprobsBackward: Kernel<
  Upstream | "logits" | "dlogits",
  Sizes & Slopes & { readonly ACCUMULATE: boolean }
> = {
  name: "logprobs_backward",
  writes: ["dlogits"],
  variants: [vectorVariant("logprobs_backward", inVectors, gridOf)],
  tuningClass: () => "",
  inPlace: { from: "logits", to: "dlogits", kernel: logprobsBackwardInPlace },
  grid: gridOf,
  reference({ logits, dlogits, ...buffers }, consts) {
    slopes(buffers, consts, logits, (at, d) => {
      dlogits[at] = consts.ACCUMULATE ? dlogits[at]! + d : d;
    });
  },
};

export interface LogprobsOptions {
  /** live temperature that divides the logits; 1 without it */
  readonly temperature?: Knob | undefined;
  /** bit v set = token id v < 32 has probability 0 (padding, unknown) */
  readonly BANNED?: number | undefined;
  /** shape of the results, e.g. (B,G); the leading axes of the logits by default */
  readonly shape?: Shape | undefined;
}

export interface Logprobs {
  /** (R) log softmax(logits / temperature)[target] in nats */
  readonly logp: Tensor;
  /** (R) -sum p log p in nats */
  readonly entropy: Tensor;
}

/**
 * logp = log softmax(z)[target] and entropy = -sum p log p with z = logits / temperature. Backward takes the
 * derivative of either or both. Rollout, reference and update must use the same temperature, or the first
 * probability ratios are not 1.
 * @param logits (R,V) or any shape that ends in V
 * @param targets (R) i32 or u32 token ids; ids out of range are read as the nearest valid one (padding)
 * @throws RangeError when targets does not have R elements.
 */
export function logprobs(
  tape: Tape,
  logits: Tensor,
  targets: Tensor,
  { temperature, BANNED = 0, shape = logits.shape.slice(0, -1) }: LogprobsOptions = {},
): Logprobs {
  const { parts, R, V, PARTS } = softmaxParts(tape, logits, { temperature, BANNED });
  check(
    size(targets.shape) === R && size(shape) === R,
    `logprobs: ${describe(logits)} has ${String(R)} rows, got ${describe(targets)} for [${shape.join(",")}]`,
  );
  const logp = tape.result("logp", shape, logits);
  const entropy = tape.result("entropy", shape, logits);
  const normaliser = tape.scratch("normaliser", [R, 2]);
  const knobs = temperature?.tensor ?? logits;
  const sizes = {
    R,
    V,
    TEMPERED: temperature !== undefined,
    TEMPERATURE: temperature?.index ?? 0,
  };
  const bindings = { parts, logits, targets, knobs, logp, entropy, normaliser };
  tape.call(logprobsForward, bindings, { ...sizes, PARTS, GATHERED: false });
  tape.onBackward([logp, entropy], () => {
    const dlogp = tape.hasGradient(logp) ? tape.gradientOf(logp) : undefined;
    const dentropy = tape.hasGradient(entropy) ? tape.gradientOf(entropy) : undefined;
    const dlogits = tape.into(logits);
    if (dlogits === undefined) return;
    tape.call(
      logprobsBackward,
      {
        logits,
        targets,
        // a stand-in other than the logits, which may be written over
        knobs: temperature?.tensor ?? normaliser,
        entropy,
        normaliser,
        dlogp: dlogp ?? entropy,
        dentropy: dentropy ?? entropy,
        dlogits: dlogits.tensor,
      },
      {
        ...sizes,
        THREADS: Math.ceil(V / COLUMNS_PER_THREAD),
        BANNED,
        HAS_DLOGP: dlogp !== undefined,
        HAS_DENTROPY: dentropy !== undefined,
        ACCUMULATE: dlogits.ACCUMULATE,
      },
    );
  });
  return { logp, entropy };
}
