// Temperature, top-k and top-p sampling by inverse CDF from given uniform numbers; draw-truncated.ts decodes with it.
import { row } from "../plan/kernel.ts";
import type { Consts, Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor, TypedArray } from "../plan/tensor.ts";
import { isBanned } from "./softmax-parts.ts";

/** Places in the live settings of `sample` and `drawTruncated`, f32 (3). */
export const SAMPLING = {
  /** divides the logits; 0 takes the largest, and log-probabilities are those at temperature 1 */
  temperature: 0,
  /** keeps this many of the most likely tokens; 0 keeps all */
  topK: 1,
  /** keeps the fewest most likely tokens whose shares (of what top-k keeps) reach this sum; 1 keeps all */
  topP: 2,
  size: 3,
} as const;

interface SampleConsts extends Consts {
  readonly B: number;
  readonly V: number;
  /** bit i set: token i < 32 has probability 0 */
  readonly BANNED: number;
}

/** Keeps the head of `sorted` (weights by token, most likely first) and says how much weight that is. */
function truncate(
  sorted: readonly number[],
  weight: (v: number) => number,
  topK: number,
  topP: number,
): { kept: Set<number>; mass: number } {
  const head = topK > 0 ? sorted.slice(0, topK) : sorted;
  const share = head.reduce((sum, v) => sum + weight(v), 0) * topP;
  const kept = new Set<number>();
  let mass = 0;
  for (const v of head) {
    if (topP < 1 && kept.size > 0 && mass >= share) break;
    kept.add(v);
    mass += weight(v);
  }
  return { kept, mass };
}

/**
 * The token of row b, and its log-probability.
 * @param u in (0,1)
 */
export function pick(
  { logits, knobs }: { readonly logits: TypedArray; readonly knobs: TypedArray },
  b: number,
  u: number,
  { V, BANNED }: { readonly V: number; readonly BANNED: number },
): { token: number; logp: number } {
  const temperature = knobs[SAMPLING.temperature]!;
  const greedy = temperature === 0;
  const topK = greedy ? 1 : knobs[SAMPLING.topK]!;
  const allowed = Array.from({ length: V }, (_, v) => v).filter((v) => !isBanned(BANNED, v));
  const z = (v: number): number => logits[b * V + v]! / (greedy ? 1 : temperature);
  const sorted = [...allowed].sort((v, w) => z(w) - z(v) || v - w);
  const largest = z(sorted[0]!);
  const weight = (v: number): number => Math.exp(z(v) - largest);
  const total = allowed.reduce((sum, v) => sum + weight(v), 0);
  const { kept, mass } = truncate(sorted, weight, topK, knobs[SAMPLING.topP]!);
  let token = sorted[0]!;
  let sum = 0;
  for (const v of allowed) {
    if (!kept.has(v)) continue;
    token = v;
    sum += weight(v);
    if (sum > u * mass) break;
  }
  return { token, logp: z(token) - largest - Math.log(total) };
}

export const sampleKernel: Kernel<
  "logits" | "uniforms" | "knobs" | "tokens" | "logp",
  SampleConsts
> = {
  name: "sample",
  writes: ["tokens", "logp"],
  grid: ({ B }) => row(Math.ceil(B / 32)),
  reference({ logits, uniforms, knobs, tokens, logp }, { B, V, BANNED }) {
    for (let b = 0; b < B; b++) {
      const { token, logp: chosen } = pick({ logits, knobs }, b, uniforms[b]!, { V, BANNED });
      tokens[b] = token;
      logp[b] = chosen;
    }
  },
};

/**
 * One token per row: the smallest kept token, in vocabulary order, whose cumulative probability exceeds u.
 * Top-k and top-p restrict the draw (Holtzman et al. 2020), never the log-probability.
 * @param logits (B,V)
 * @param uniforms (B) numbers in (0,1)
 * @param knobs f32 (3), see SAMPLING
 * @param BANNED bit i set: token i < 32 is never drawn and counts in no sum; one token must stay
 * @returns token u32 (B), logp (B) under all allowed tokens at the temperature
 * @throws RangeError when the shapes disagree
 */
export function sample(
  tape: Tape,
  logits: Tensor,
  uniforms: Tensor,
  knobs: Tensor,
  BANNED = 0,
): { tokens: Tensor; logp: Tensor } {
  const B = size(uniforms.shape);
  const V = size(logits.shape) / B;
  check(
    Number.isInteger(V) && size(knobs.shape) >= SAMPLING.size,
    `sample: expected logits[B,V], uniforms[B] and knobs[3], got ${describe(logits)}, ${describe(uniforms)} and ${describe(knobs)}`,
  );
  const tokens = tape.scratch("sampled", [B], "u32");
  const logp = tape.scratch("logp", [B]);
  tape.call(sampleKernel, { logits, uniforms, knobs, tokens, logp }, { B, V, BANNED });
  return { tokens, logp };
}
