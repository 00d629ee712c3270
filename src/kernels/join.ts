// Sequences out of prompts and responses, and clamping of scores: small helpers of a rollout.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

export const joinKernel: Kernel<
  "prompt" | "response" | "tokens",
  { readonly B: number; readonly P: number; readonly G: number }
> = {
  name: "join",
  writes: ["tokens"],
  grid: ({ B, P, G }) => row(Math.ceil((B * (P + G)) / 64)),
  reference({ prompt, response, tokens }, { B, P, G }) {
    for (let b = 0; b < B; b++) {
      for (let p = 0; p < P; p++) tokens[b * (P + G) + p] = prompt[b * P + p]!;
      for (let j = 0; j < G; j++) tokens[b * (P + G) + P + j] = response[b * G + j]!;
    }
  },
};

/** tokens (B,P+G) = prompt (B,P) then response (B,G), all u32. @throws RangeError when the rows differ. */
export function join(tape: Tape, prompt: Tensor, response: Tensor, tokens: Tensor): void {
  const [B = 0, P = 0] = prompt.shape;
  const [rows = 0, G = 0] = response.shape;
  check(
    rows === B && size(tokens.shape) === B * (P + G),
    `join: ${describe(prompt)} and ${describe(response)} do not make ${describe(tokens)}`,
  );
  tape.call(joinKernel, { prompt, response, tokens }, { B, P, G });
}

export const clampKernel: Kernel<"x" | "y", { readonly N: number; readonly LIMIT: number }> = {
  name: "clamp",
  writes: ["y"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ x, y }, { N, LIMIT }) {
    for (let i = 0; i < N; i++) y[i] = Math.min(LIMIT, Math.max(-LIMIT, x[i]!));
  },
};

/** y = x clamped to ±limit; a constant for backward. */
export function clamped(tape: Tape, x: Tensor, limit: number): Tensor {
  const y = tape.scratch("clamped", x.shape);
  tape.call(clampKernel, { x, y }, { N: size(x.shape), LIMIT: limit });
  return y;
}
