// Batched decoding with a KV cache: fill it from the prompt, attend from one new token, move the cursor.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

/** Places in the decode state, u32 (5). */
export const DECODE_STATE = {
  /** column of the newest token of the sequences */
  column: 0,
  /** number of response tokens drawn so far */
  drawn: 1,
  seed: 2,
  /** a number per rollout, so that two rollouts with one seed differ */
  stream: 3,
  /** 1 while some sequence has not ended; what a decode step computes is skipped when it is 0 */
  unfinished: 4,
  size: 5,
} as const;

interface CacheSizes {
  readonly [name: string]: number | boolean;
  readonly B: number;
  /** columns of the cache */
  readonly S: number;
  readonly C: number;
}

export const cacheFill: Kernel<"qkv" | "cache", CacheSizes & { readonly P: number }> = {
  name: "cache_fill",
  writes: ["cache"],
  grid: ({ B, P, C }) => row(Math.ceil((B * P * 2 * C) / 64)),
  reference({ qkv, cache }, { B, P, S, C }) {
    for (let b = 0; b < B; b++) {
      for (let p = 0; p < P; p++) {
        for (let c = 0; c < 2 * C; c++) {
          cache[(b * S + p) * 2 * C + c] = qkv[(b * P + p) * 3 * C + C + c]!;
        }
      }
    }
  },
};

/** Copies keys and values of the prompt's P columns (qkv (B*P,3C)) into a cache (B,S,2C). */
export function fillCache(tape: Tape, qkv: Tensor, cache: Tensor, P: number): void {
  const [B = 0, S = 0, width = 0] = cache.shape;
  check(
    size(qkv.shape) === (B * P * width * 3) / 2 && P <= S,
    `fillCache: ${describe(qkv)} does not fit ${String(P)} columns of ${describe(cache)}`,
  );
  tape.call(cacheFill, { qkv, cache }, { B, S, C: width / 2, P });
}

/** Dimensions of a head that one invocation writes; scores are recomputed per block. */
const BLOCK = 4;

export const attentionDecode: Kernel<
  "qkv" | "mask" | "state" | "cache" | "y",
  CacheSizes & { readonly H: number }
> = {
  name: "attention_decode",
  writes: ["cache", "y"],
  grid: ({ B, C, H }) => row(Math.ceil((B * H * Math.ceil(C / H / BLOCK)) / 32)),
  // with every column of the cache in use
  flops: ({ B, S, C }) => 4 * B * S * C,
  reference({ qkv, mask, state, cache, y }, { B, S, C, H }) {
    const D = C / H;
    const column = state[DECODE_STATE.column]!;
    for (let b = 0; b < B; b++) {
      for (let c = 0; c < 2 * C; c++) {
        cache[(b * S + column) * 2 * C + c] = qkv[b * 3 * C + C + c]!;
      }
      for (let h = 0; h < H; h++) {
        const scores = new Float64Array(column + 1).fill(-Infinity);
        let largest = -Infinity;
        for (let t = 0; t <= column; t++) {
          if (mask[b * S + t] === 0) continue;
          let dot = 0;
          for (let d = 0; d < D; d++) {
            dot += qkv[b * 3 * C + h * D + d]! * cache[(b * S + t) * 2 * C + h * D + d]!;
          }
          scores[t] = dot / Math.sqrt(D);
          largest = Math.max(largest, scores[t]!);
        }
        let total = 0;
        for (let t = 0; t <= column; t++) {
          scores[t] = largest === -Infinity ? 0 : Math.exp(scores[t]! - largest);
          total += scores[t]!;
        }
        for (let d = 0; d < D; d++) {
          let sum = 0;
          for (let t = 0; t <= column; t++) {
            sum += scores[t]! * cache[(b * S + t) * 2 * C + C + h * D + d]!;
          }
          y[b * C + h * D + d] = total > 0 ? sum / total : 0;
        }
      }
    }
  },
};

/**
 * Attention of one new token per sequence over everything up to it; stores its key and value in the cache.
 * @param qkv (B,3C) of the new tokens
 * @param mask u32 (B,S), 1 = real token; the new column must be 1
 * @param state u32 (5), see DECODE_STATE: reads the column
 * @param cache (B,S,2C) keys then values, read and written
 * @returns (B,C)
 */
export function decodeAttention(
  tape: Tape,
  qkv: Tensor,
  mask: Tensor,
  state: Tensor,
  cache: Tensor,
  H: number,
): Tensor {
  const [B = 0, S = 0, width = 0] = cache.shape;
  const C = width / 2;
  check(
    size(qkv.shape) === B * 3 * C && size(mask.shape) === B * S && C % H === 0,
    `decodeAttention: ${describe(qkv)} and ${describe(mask)} do not fit ${describe(cache)} with ${String(H)} heads`,
  );
  const y = tape.scratch("attention", [B, C]);
  tape.call(attentionDecode, { qkv, mask, state, cache, y }, { B, S, C, H });
  return y;
}

export const advanceKernel: Kernel<
  "current" | "state",
  { readonly B: number; readonly EOS: number; readonly PAD: number }
> = {
  name: "advance",
  writes: ["state"],
  grid: () => [1],
  reference({ current, state }, { B, EOS, PAD }) {
    state[DECODE_STATE.column]! += 1;
    state[DECODE_STATE.drawn]! += 1;
    const newest = Array.from(current.subarray(0, B));
    const unfinished = newest.some((token) => token !== EOS && token !== PAD);
    state[DECODE_STATE.unfinished] = unfinished ? 1 : 0;
  },
};

/**
 * Moves the decode state on: one column and one drawn token further, and whether there is anything left to do.
 * @param current u32 (B) the tokens just drawn; EOS or PAD means that the row is finished
 * @param state u32 (5), see DECODE_STATE
 */
export function advance(
  tape: Tape,
  current: Tensor,
  state: Tensor,
  { EOS, PAD }: { readonly EOS: number; readonly PAD: number },
): void {
  tape.call(advanceKernel, { current, state }, { B: size(current.shape), EOS, PAD });
}
