// Generic test entries of sampling: every combination of temperature, top-k, top-p and banned tokens.
import { sample } from "../../../src/kernels/sample.ts";
import type { OpCase } from "../op-case.ts";

interface Setting {
  readonly B: number;
  readonly V: number;
  /** temperature, top_k, top_p */
  readonly knobs: readonly [number, number, number];
  readonly BANNED?: number;
  /** logits of few distinct values, so that many tokens tie */
  readonly ties?: boolean;
}

const SETTINGS: readonly Setting[] = [
  { B: 1, V: 1, knobs: [1, 0, 1] },
  { B: 65, V: 7, knobs: [1, 0, 1] },
  { B: 33, V: 257, knobs: [0.7, 0, 1], BANNED: 0b101 },
  { B: 33, V: 65, knobs: [0, 0, 1], ties: true },
  { B: 33, V: 65, knobs: [1, 5, 1], ties: true },
  { B: 33, V: 65, knobs: [1.3, 0, 0.8] },
  { B: 33, V: 65, knobs: [0.9, 7, 0.9], BANNED: 0b101 },
  { B: 7, V: 7, knobs: [1, 100, 0.95], BANNED: 0b11 },
  { B: 3, V: 1757, knobs: [1, 40, 0.9] },
];

export const cases: readonly OpCase[] = SETTINGS.map((setting) => {
  const { B, V, knobs, BANNED = 0, ties = false } = setting;
  return {
    name: `sample ${String(B)} of ${String(V)}, temperature, top_k, top_p ${knobs.join(" ")}, banned ${String(BANNED)}`,
    inputs: {
      logits: {
        shape: [B, V],
        differentiable: false,
        ...(ties ? { value: (_i: number, next: () => number) => Math.floor(4 * next()) } : {}),
      },
      uniforms: { shape: [B], value: (_, next) => 0.001 + 0.998 * next(), differentiable: false },
      knobs: { shape: [3], value: (i) => knobs[i]!, differentiable: false },
    },
    build: (tape, { logits, uniforms, knobs }) => {
      const { tokens, logp } = sample(tape, logits!, uniforms!, knobs!, BANNED);
      return [tokens, logp];
    },
  };
});
