// Generic test entries of response features, join and clamp.
import { clamped, join } from "../../../src/kernels/join.ts";
import { residual } from "../../../src/kernels/residual.ts";
import { responseFeatures } from "../../../src/kernels/response-features.ts";
import type { OpCase } from "../op-case.ts";

const features: OpCase[] = [
  { B: 1, G: 1, C: 1 },
  { B: 5, G: 7, C: 9 },
  { B: 65, G: 3, C: 4 },
].map(({ B, G, C }) => ({
  name: `response features ${String(B)}x${String(G)}x${String(C)}`,
  inputs: {
    h: { shape: [B * G, C] },
    e: { shape: [B * G, C], differentiable: false },
    logp: { shape: [B, G], differentiable: false },
    mask: {
      shape: [B, G],
      differentiable: false,
      value: (i) => (i % G <= Math.floor(i / G) % G ? 1 : 0),
    },
  },
  // twice, so that the second derivative accumulates
  build: (tape, { h, e, logp, mask }) => {
    const inputs = { h: h!, e: e!, logp: logp!, mask: mask! };
    return [residual(tape, responseFeatures(tape, inputs), responseFeatures(tape, inputs))];
  },
}));

const joins: OpCase[] = [1, 7, 65].map((B) => ({
  name: `join ${String(B)}`,
  inputs: {
    prompt: { shape: [B, 3], dtype: "u32", value: (i) => i },
    response: { shape: [B, 5], dtype: "u32", value: (i) => 1000 + i },
    tokens: { shape: [B, 8], dtype: "u32", value: () => 0 },
  },
  build: (tape, { prompt, response, tokens }) => {
    join(tape, prompt!, response!, tokens!);
    return [tokens!];
  },
}));

const clamps: OpCase[] = [1, 257].map((N) => ({
  name: `clamp ${String(N)}`,
  inputs: { x: { shape: [N], differentiable: false } },
  build: (tape, { x }) => [clamped(tape, x!, 0.5)],
}));

export const cases: readonly OpCase[] = [...features, ...joins, ...clamps];
