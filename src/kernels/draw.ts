// Draws the next token of every sequence on the GPU: counter-based random numbers, EOS handling, log-probability.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { DECODE_STATE } from "./decode.ts";
import { KNOBS } from "./knobs.ts";
import { isBanned } from "./softmax-parts.ts";

interface DrawSizes {
  readonly [name: string]: number | boolean;
  readonly B: number;
  readonly V: number;
  /** longest response */
  readonly G: number;
  /** columns of the sequences */
  readonly T: number;
  readonly EOS: number;
  readonly PAD: number;
  /** bit i set: token i < 32 has probability 0 */
  readonly BANNED: number;
  readonly TEMPERATURE: number;
}

/** PCG-RXS-M-XS 32 (O'Neill 2014) as a hash: one round of state and output. */
export function hash(value: number): number {
  const state = (Math.imul(value, 747796405) + 2891336453) >>> 0;
  const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((word >>> 22) ^ word) >>> 0;
}

/** Uniform number in (0,1) of (seed, stream, sequence, token): the same on every device. */
export function uniformAt(seed: number, stream: number, b: number, j: number): number {
  const bits = hash((b ^ hash((j ^ hash((stream ^ hash(seed)) >>> 0)) >>> 0)) >>> 0);
  return ((bits >>> 8) + 0.5) / 16777216;
}

export const drawKernel: Kernel<
  "logits" | "state" | "positions" | "knobs" | "response" | "logp" | "current" | "place",
  DrawSizes
> = {
  name: "draw",
  writes: ["response", "logp", "current", "place"],
  grid: ({ B }) => row(Math.ceil(B / 32)),
  reference(buffers, { B, V, G, T, EOS, PAD, BANNED, TEMPERATURE }) {
    const { logits, state, positions, knobs, response, logp, current, place } = buffers;
    const j = state[DECODE_STATE.drawn]!;
    for (let b = 0; b < B; b++) {
      const done = current[b] === EOS || current[b] === PAD;
      let token = PAD;
      let chosen = 0;
      if (!done) {
        const z = (v: number): number =>
          isBanned(BANNED, v) ? -Infinity : logits[b * V + v]! / knobs[TEMPERATURE]!;
        let largest = -Infinity;
        for (let v = 0; v < V; v++) largest = Math.max(largest, z(v));
        let total = 0;
        for (let v = 0; v < V; v++) total += Math.exp(z(v) - largest);
        const u = uniformAt(state[DECODE_STATE.seed]!, state[DECODE_STATE.stream]!, b, j);
        let sum = 0;
        for (let v = 0; v < V; v++) {
          if (isBanned(BANNED, v)) continue;
          token = v;
          sum += Math.exp(z(v) - largest);
          if (sum > u * total) break;
        }
        chosen = z(token) - largest - Math.log(total);
      }
      response[b * G + j] = token;
      logp[b * G + j] = chosen;
      current[b] = token;
      place[b] = positions[b * T + Math.min(T - 1, state[DECODE_STATE.column]! + 1)]!;
    }
  },
};

export interface DrawTensors {
  /** (B,V) */
  readonly logits: Tensor;
  /** u32 (5), see DECODE_STATE */
  readonly state: Tensor;
  /** u32 (B,T) positions of all columns */
  readonly positions: Tensor;
  /** u32 (B,G) column `drawn` is written: the token, or PAD after EOS */
  readonly response: Tensor;
  /** (B,G) log-probability under the full distribution (at the temperature, without banned tokens) */
  readonly logp: Tensor;
  /** u32 (B) token that was fed last, becomes the drawn one; EOS or PAD means the row is finished */
  readonly current: Tensor;
  /** u32 (B) position of the drawn token */
  readonly place: Tensor;
}

/** @throws RangeError when the shapes disagree. */
export function drawSizes({ response, logits, positions, logp }: DrawTensors): {
  B: number;
  V: number;
  G: number;
  T: number;
} {
  const [B = 0, G = 0] = response.shape;
  const V = size(logits.shape) / B;
  const T = size(positions.shape) / B;
  check(
    Number.isInteger(V) && Number.isInteger(T) && size(logp.shape) === B * G,
    `draw: ${describe(logits)} and ${describe(positions)} do not fit ${describe(response)}`,
  );
  return { B, V, G, T };
}

/**
 * One token per sequence by inverse CDF in vocabulary order.
 * @param knobs reads KNOBS.temperature (above 0)
 * @throws RangeError when the shapes disagree.
 */
export function draw(
  tape: Tape,
  tensors: DrawTensors,
  knobs: Tensor,
  { EOS, PAD, BANNED }: { EOS: number; PAD: number; BANNED: number },
): void {
  const consts = { ...drawSizes(tensors), EOS, PAD, BANNED, TEMPERATURE: KNOBS.temperature };
  tape.call(drawKernel, { ...tensors, knobs }, consts);
}
