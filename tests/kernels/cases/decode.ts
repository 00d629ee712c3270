// Generic test entries of the decoding kernels: cache, one-token attention, drawing a token, moving on.
import { advance, decodeAttention, fillCache } from "../../../src/kernels/decode.ts";
import { draw } from "../../../src/kernels/draw.ts";
import type { DrawTensors } from "../../../src/kernels/draw.ts";
import { drawTruncated } from "../../../src/kernels/draw-truncated.ts";
import type { Tensor } from "../../../src/plan/tensor.ts";
import type { InputSpec, OpCase } from "../op-case.ts";

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

type Named = Readonly<Record<string, Tensor>>;

/** The tensors of a draw out of a case's inputs. */
function drawTensors(i: Named): DrawTensors {
  return {
    logits: i["logits"]!,
    state: i["state"]!,
    positions: i["positions"]!,
    response: i["response"]!,
    logp: i["logp"]!,
    current: i["current"]!,
    place: i["place"]!,
  };
}

/** Inputs of a draw; every fourth row has ended. */
function drawInputs(
  { B, V, G, T }: Readonly<Record<"B" | "V" | "G" | "T", number>>,
  ties = false,
): Record<string, InputSpec> {
  const tied = { value: (_i: number, next: () => number) => Math.floor(4 * next()) };
  return {
    logits: { shape: [B, V], differentiable: false, ...(ties ? tied : {}) },
    state: { shape: [5], dtype: "u32", value: (i) => [2, G - 1, 77, 3, 1][i] ?? 0 },
    positions: { shape: [B, T], dtype: "u32", value: (i) => i % 5 },
    response: { shape: [B, G], dtype: "u32", value: () => 9 },
    logp: { shape: [B, G], differentiable: false },
    current: { shape: [B], dtype: "u32", value: (i) => (i % 4 === 3 ? 1 : 6) },
    place: { shape: [B], dtype: "u32", value: () => 0 },
  };
}

const drawn = (i: Named): Tensor[] => [
  i["response"]!,
  i["logp"]!,
  i["current"]!,
  i["place"]!,
  i["state"]!,
];

const draws: OpCase[] = [
  { B: 1, V: 7, G: 1, T: 3, BANNED: 0 },
  { B: 65, V: 257, G: 4, T: 9, BANNED: 5 },
].map(({ BANNED, ...sizes }) => ({
  name: `draw ${String(sizes.B)} of ${String(sizes.V)}, banned ${String(BANNED)}`,
  inputs: {
    ...drawInputs(sizes),
    knobs: { shape: [16], value: () => 0.8, differentiable: false },
  },
  build: (tape, i) => {
    draw(tape, drawTensors(i), i["knobs"]!, { EOS: 1, PAD: 0, BANNED });
    advance(tape, i["current"]!, i["state"]!, { EOS: 1, PAD: 0 });
    return drawn(i);
  },
}));

/** Row 0 draws with the largest uniform number of all: rounded to 1 it would take the last token, which is next to impossible. */
const largest: OpCase = {
  name: "draw with the largest uniform number",
  inputs: {
    ...drawInputs({ B: 1, V: 7, G: 1, T: 3 }),
    logits: { shape: [1, 7], value: (i) => (i < 3 ? 1 : -40), differentiable: false },
    state: { shape: [5], dtype: "u32", value: (i) => [0, 0, 7012211, 1000, 1][i] ?? 0 },
    knobs: { shape: [16], value: () => 1, differentiable: false },
  },
  build: (tape, i) => {
    draw(tape, drawTensors(i), i["knobs"]!, { EOS: 1, PAD: 0, BANNED: 0 });
    return [i["response"]!, i["logp"]!];
  },
};

const truncatedDraws: OpCase[] = [
  { B: 1, V: 1, G: 1, T: 3, sampling: [1, 0, 1], BANNED: 0 },
  { B: 65, V: 257, G: 4, T: 9, sampling: [0.8, 0, 0.9], BANNED: 5 },
  { B: 33, V: 65, G: 2, T: 5, sampling: [1.2, 7, 1], BANNED: 5, ties: true },
  { B: 33, V: 65, G: 2, T: 5, sampling: [0.7, 20, 0.5], BANNED: 0, ties: true },
  { B: 17, V: 65, G: 2, T: 5, sampling: [0, 0, 1], BANNED: 1, ties: true },
  { B: 9, V: 1024, G: 2, T: 5, sampling: [1, 50, 0.95], BANNED: 5 },
].map(({ BANNED, sampling, ties, ...sizes }) => ({
  name: `draw ${String(sizes.B)} of ${String(sizes.V)}, temperature, top_k, top_p ${sampling.join(" ")}, banned ${String(BANNED)}`,
  inputs: {
    ...drawInputs(sizes, ties),
    sampling: { shape: [3], value: (i) => sampling[i]!, differentiable: false },
  },
  build: (tape, i) => {
    drawTruncated(tape, drawTensors(i), i["sampling"]!, { EOS: 1, PAD: 0, BANNED });
    return drawn(i);
  },
}));

export const cases: readonly OpCase[] = [
  ...fills,
  ...attends,
  ...draws,
  largest,
  ...truncatedDraws,
];
