// Generic test entries of the decoding kernels: cache, one-token attention, drawing a token, moving on.
import { advance, decodeAttention, fillCache } from "../../../src/kernels/decode.ts";
import { draw } from "../../../src/kernels/draw.ts";
import type { OpCase } from "../op-case.ts";

const fills: OpCase[] = [
  { B: 1, P: 1, S: 1, C: 1 },
  { B: 3, P: 5, S: 9, C: 7 },
].map(({ B, P, S, C }) => ({
  name: `fill cache ${String(B)}x${String(P)} of ${String(S)}`,
  inputs: {
    qkv: { shape: [B * P, 3 * C], differentiable: false },
    cache: { shape: [B, S, 2 * C], differentiable: false },
  },
  build: (tape, { qkv, cache }) => {
    fillCache(tape, qkv!, cache!, P);
    return [cache!];
  },
}));

const attends: OpCase[] = [
  { B: 1, S: 1, C: 2, H: 1, column: 0 },
  { B: 3, S: 9, C: 10, H: 2, column: 4 },
  { B: 7, S: 65, C: 32, H: 2, column: 64 },
].map(({ B, S, C, H, column }) => ({
  name: `decode attention ${String(B)}x${String(S)}, ${String(H)} heads of ${String(C / H)}`,
  inputs: {
    qkv: { shape: [B, 3 * C], differentiable: false },
    mask: {
      shape: [B, S],
      dtype: "u32",
      value: (i, next) => (i % S === column || next() < 0.8 ? 1 : 0),
    },
    state: { shape: [5], dtype: "u32", value: (i) => (i === 0 ? column : 0) },
    cache: { shape: [B, S, 2 * C], differentiable: false },
  },
  build: (tape, { qkv, mask, state, cache }) => [
    decodeAttention(tape, qkv!, mask!, state!, cache!, H),
    cache!,
  ],
}));

const draws: OpCase[] = [
  { B: 1, V: 7, G: 1, T: 3, BANNED: 0 },
  { B: 65, V: 257, G: 4, T: 9, BANNED: 5 },
].map(({ B, V, G, T, BANNED }) => ({
  name: `draw ${String(B)} of ${String(V)}, banned ${String(BANNED)}`,
  inputs: {
    logits: { shape: [B, V], differentiable: false },
    state: { shape: [5], dtype: "u32", value: (i) => [2, G - 1, 77, 3, 1][i] ?? 0 },
    positions: { shape: [B, T], dtype: "u32", value: (i) => i % 5 },
    knobs: { shape: [16], value: () => 0.8, differentiable: false },
    response: { shape: [B, G], dtype: "u32", value: () => 9 },
    logp: { shape: [B, G], differentiable: false },
    current: { shape: [B], dtype: "u32", value: (i) => (i % 4 === 3 ? 1 : 6) },
    place: { shape: [B], dtype: "u32", value: () => 0 },
  },
  build: (tape, i) => {
    const { logits, state, positions, knobs, response, logp, current, place } = i;
    draw(
      tape,
      {
        logits: logits!,
        state: state!,
        positions: positions!,
        response: response!,
        logp: logp!,
        current: current!,
        place: place!,
      },
      knobs!,
      { EOS: 1, PAD: 0, BANNED },
    );
    advance(tape, current!, state!, { EOS: 1, PAD: 0 });
    return [response!, logp!, current!, place!, state!];
  },
}));

export const cases: readonly OpCase[] = [...fills, ...attends, ...draws];
