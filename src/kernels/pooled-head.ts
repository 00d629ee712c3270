// The reward head: one score per response, the mean of per-token scores or the score of the last token.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { scalarHead } from "./scalar-head.ts";

interface Sizes {
  readonly [name: string]: number | boolean;
  readonly B: number;
  readonly G: number;
  readonly MEAN: boolean;
}

export const poolForward: Kernel<
  "u" | "logp" | "alpha" | "mask" | "last" | "scores" | "stats",
  Sizes & { readonly LOGP: boolean }
> = {
  name: "pool",
  writes: ["scores", "stats"],
  grid: ({ B }) => row(Math.ceil(B / 64)),
  reference({ u, logp, alpha, mask, last, scores, stats }, { B, G, MEAN, LOGP }) {
    for (let b = 0; b < B; b++) {
      let length = 0;
      let sum = 0;
      let sumLogp = 0;
      for (let at = b * G; at < (b + 1) * G; at++) {
        if (mask[at] === 0) continue;
        length += mask[at]!;
        sum += mask[at]! * u[at]!;
        if (LOGP) sumLogp += mask[at]! * logp[at]!;
      }
      const inverse = 1 / Math.max(1, length);
      stats[2 * b] = inverse;
      stats[2 * b + 1] = sumLogp * inverse;
      if (!MEAN) scores[b] = u[b * G + last[b]!]!;
      else scores[b] = sum * inverse + (LOGP ? alpha[0]! * sumLogp * inverse : 0);
    }
  },
};

export const poolBackward: Kernel<
  "dscores" | "mask" | "last" | "stats" | "du",
  Sizes & { readonly ACCUMULATE: boolean }
> = {
  name: "pool_backward",
  writes: ["du"],
  grid: ({ B, G }) => row(Math.ceil((B * G) / 64)),
  reference({ dscores, mask, last, stats, du }, { B, G, MEAN, ACCUMULATE }) {
    for (let i = 0; i < B * G; i++) {
      const b = Math.floor(i / G);
      const share = MEAN ? mask[i]! * stats[2 * b]! : i % G === last[b]! ? 1 : 0;
      const d = dscores[b]! * share;
      du[i] = ACCUMULATE ? du[i]! + d : d;
    }
  },
};

export const poolBackwardAlpha: Kernel<
  "dscores" | "stats" | "dalpha",
  { readonly B: number; readonly ACCUMULATE: boolean }
> = {
  name: "pool_backward_alpha",
  writes: ["dalpha"],
  grid: () => [1],
  reference({ dscores, stats, dalpha }, { B, ACCUMULATE }) {
    let sum = ACCUMULATE ? dalpha[0]! : 0;
    for (let b = 0; b < B; b++) sum += dscores[b]! * stats[2 * b + 1]!;
    dalpha[0] = sum;
  },
};

/** Hidden states and parameters of a reward head. */
export interface PooledHead {
  /** (B,G,C) or (B·G,C) hidden states at the response columns */
  readonly h: Tensor;
  /** (B,G) f32, 1 = real response token; a prefix of ones, at least one per row that counts */
  readonly mask: Tensor;
  /** (C) */
  readonly w: Tensor;
  /** (1) */
  readonly b: Tensor;
  /** (B,G) log-probability of each token under the frozen starting model; a constant */
  readonly logp?: Tensor | undefined;
  /** (1) weight of logp; both or neither, and only in the mean mode */
  readonly alpha?: Tensor | undefined;
  /** (B) u32 index of the last real token; needed in the last mode */
  readonly lastIndex?: Tensor | undefined;
}

/**
 * Scores (B). mode "mean": mean over masked tokens of w · h + b + alpha · logp. mode "last": w · h + b at
 * lastIndex (InstructGPT's reward model). Backward reaches h, w, b and alpha; logp is a constant.
 * @throws RangeError when shapes disagree or a mode lacks an input.
 */
export function pooledHead(tape: Tape, head: PooledHead, mode: "mean" | "last"): Tensor {
  const { mask, logp, alpha, lastIndex } = head;
  const MEAN = mode === "mean";
  check(
    MEAN ? (logp === undefined) === (alpha === undefined) : alpha === undefined,
    "pooledHead: logp and alpha come together and in the mean mode only",
  );
  check(MEAN || lastIndex !== undefined, "pooledHead: the last mode needs lastIndex (B)");
  check(
    mask.shape.length === 2 && (logp === undefined || size(logp.shape) === size(mask.shape)),
    `pooledHead: the mask must be (B,G) and logp as large, got ${describe(mask)}`,
  );
  const u = scalarHead(tape, head.h, head.w, head.b, mask.shape);
  return pool(tape, u, { mask, logp, alpha, last: lastIndex ?? mask }, MEAN);
}

interface Pooled {
  readonly mask: Tensor;
  readonly logp: Tensor | undefined;
  readonly alpha: Tensor | undefined;
  readonly last: Tensor;
}

function pool(tape: Tape, u: Tensor, { mask, logp, alpha, last }: Pooled, MEAN: boolean): Tensor {
  const [B = 1, G = 1] = mask.shape;
  const parents = alpha === undefined ? [u] : [u, alpha];
  const scores = tape.result("scores", [B], ...parents);
  const stats = tape.scratch("pool.stats", [B, 2]);
  tape.call(
    poolForward,
    { u, logp: logp ?? mask, alpha: alpha ?? mask, mask, last, scores, stats },
    { B, G, MEAN, LOGP: alpha !== undefined },
  );
  tape.onBackward(scores, () => {
    const dscores = tape.gradientOf(scores);
    const dalpha = alpha === undefined ? undefined : tape.into(alpha);
    if (dalpha !== undefined) {
      const bindings = { dscores, stats, dalpha: dalpha.tensor };
      tape.call(poolBackwardAlpha, bindings, { B, ACCUMULATE: dalpha.ACCUMULATE });
    }
    const du = tape.into(u);
    if (du === undefined) return;
    const bindings = { dscores, mask, last, stats, du: du.tensor };
    tape.call(poolBackward, bindings, { B, G, MEAN, ACCUMULATE: du.ACCUMULATE });
  });
  return scores;
}
