// Generic test entries of log-probabilities and entropy.
import { logprobs } from "../../../src/kernels/logprobs.ts";
import type { InputSpec, OpCase } from "../op-case.ts";

const SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [7, 65],
  [65, 17],
  [9, 600],
];
const ids = (R: number, V: number, lowest = 0): InputSpec => ({
  shape: [R],
  dtype: "i32",
  value: (_i, next) => lowest + Math.floor(next() * (V - lowest)),
});
const knobs: InputSpec = { shape: [4], differentiable: false, value: (i) => [1, 0.7, 1.5, 1][i]! };

export const cases: readonly OpCase[] = [
  ...SHAPES.map(([R, V]): OpCase => ({
    name: `logprobs ${String(R)}x${String(V)}`,
    inputs: { logits: { shape: [R, V] }, targets: ids(R, V) },
    build: (tape, { logits, targets }) => {
      const { logp, entropy } = logprobs(tape, logits!, targets!);
      return [logp, entropy];
    },
  })),
  {
    name: "logprobs at temperature 0.7",
    inputs: { logits: { shape: [2, 5, 37] }, targets: ids(10, 37), knobs },
    build: (tape, { logits, targets, knobs }) => {
      const temperature = { tensor: knobs!, index: 1 };
      const { logp, entropy } = logprobs(tape, logits!, targets!, { temperature, shape: [10] });
      return [logp, entropy];
    },
  },
  {
    // ids 0 and 2 are banned: whole slices of the row have no token left at width 3
    name: "logprobs with banned tokens",
    inputs: { logits: { shape: [7, 3] }, wide: { shape: [7, 40] }, targets: ids(7, 40, 3), knobs },
    build: (tape, { logits, wide, targets, knobs }) => {
      const temperature = { tensor: knobs!, index: 2 };
      const narrow = logprobs(tape, logits!, targets!, { BANNED: 0b101 });
      const other = logprobs(tape, wide!, targets!, { BANNED: 0b101, temperature });
      return [narrow.entropy, other.logp, other.entropy];
    },
  },
  {
    name: "logprobs 9x132 in every variant, with banned tokens",
    inputs: { logits: { shape: [9, 132] }, targets: ids(9, 132), knobs },
    variants: "all",
    build: (tape, { logits, targets, knobs }) => {
      const temperature = { tensor: knobs!, index: 1 };
      const BANNED = 0x8000_0105;
      const { logp, entropy } = logprobs(tape, logits!, targets!, { temperature, BANNED });
      return [entropy, logp];
    },
  },
  {
    name: "logprobs of which only the first has a derivative",
    inputs: { logits: { shape: [7, 33] }, targets: ids(7, 33) },
    build: (tape, { logits, targets }) => [logprobs(tape, logits!, targets!).logp],
  },
  {
    name: "logprobs of which only the entropy has a derivative, twice",
    inputs: { logits: { shape: [7, 33] }, targets: ids(7, 33) },
    build: (tape, { logits, targets }) => [
      logprobs(tape, logits!, targets!).entropy,
      logprobs(tape, logits!, targets!).entropy,
    ],
  },
  {
    name: "logprobs of large logits",
    inputs: {
      logits: { shape: [7, 40], value: (i, next) => 100 * next() + (i % 7) * 10 },
      targets: ids(7, 40),
    },
    build: (tape, { logits, targets }) => {
      const { logp, entropy } = logprobs(tape, logits!, targets!);
      return [logp, entropy];
    },
  },
];
