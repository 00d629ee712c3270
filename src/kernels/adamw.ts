// AdamW (Loshchilov & Hutter 2019, algorithm 2) over flat buffers of all parameters of a model.
import { row } from "../plan/kernel.ts";
import type { Kernel, Variant } from "../plan/kernel.ts";
import { eachRange } from "../plan/ranges.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

/** Places in the knobs tensor (10), which the host writes before every step. */
export const ADAMW_KNOBS = {
  learningRate: 0,
  beta1: 1,
  beta2: 2,
  /** outside the root, after bias correction */
  eps: 3,
  weightDecay: 4,
  /** 1 - beta1^t and 1 - beta2^t of the step t = 1, 2, … */
  correction1: 5,
  correction2: 6,
  /** clip threshold of the global norm; 0 switches clipping off */
  maxNorm: 7,
  /** 1 - beta1 and 1 - beta2, in float64 before rounding */
  complement1: 8,
  complement2: 9,
  size: 10,
} as const;

export interface AdamwSettings {
  readonly learningRate: number;
  /** default 0.9 */
  readonly beta1?: number;
  /** default 0.95 */
  readonly beta2?: number;
  /** default 1e-8 */
  readonly eps?: number;
  /** default 0 */
  readonly weightDecay?: number;
  /** default 0: no clipping */
  readonly maxNorm?: number;
}

/** The contents of the knobs tensor for step `step` = 1, 2, … @throws RangeError when the step is below 1. */
export function adamwKnobs(step: number, settings: AdamwSettings): Float32Array {
  check(step >= 1, `adamw: the first step is 1, got ${String(step)}`);
  const { learningRate, beta1 = 0.9, beta2 = 0.95, eps = 1e-8 } = settings;
  const { weightDecay = 0, maxNorm = 0 } = settings;
  const knobs = new Float32Array(ADAMW_KNOBS.size);
  knobs[ADAMW_KNOBS.learningRate] = learningRate;
  knobs[ADAMW_KNOBS.beta1] = beta1;
  knobs[ADAMW_KNOBS.beta2] = beta2;
  knobs[ADAMW_KNOBS.eps] = eps;
  knobs[ADAMW_KNOBS.weightDecay] = weightDecay;
  knobs[ADAMW_KNOBS.correction1] = 1 - beta1 ** step;
  knobs[ADAMW_KNOBS.correction2] = 1 - beta2 ** step;
  knobs[ADAMW_KNOBS.maxNorm] = maxNorm;
  knobs[ADAMW_KNOBS.complement1] = 1 - beta1;
  knobs[ADAMW_KNOBS.complement2] = 1 - beta2;
  return knobs;
}

interface Consts {
  readonly [name: string]: number | boolean;
  readonly N: number;
  readonly DECAY_END: number;
}

const vectors: Variant<Consts> = {
  title: "adamw_vec4",
  shader: "adamw_vec4",
  applies: ({ N }) => N % 4 === 0,
  consts: (consts) => consts,
  grid: ({ N }) => row(Math.ceil(N / 256)),
};

export const adamwUpdate: Kernel<"values" | "grads" | "m" | "v" | "state" | "knobs", Consts> = {
  name: "adamw",
  writes: ["values", "m", "v"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  variants: [vectors],
  reference({ values, grads, m, v, state, knobs }, { N, DECAY_END }) {
    if (state[2] === 0) return;
    for (let i = 0; i < N; i++) {
      const g = grads[i]! * state[1]!;
      m[i] = knobs[1]! * m[i]! + knobs[8]! * g;
      v[i] = knobs[2]! * v[i]! + knobs[9]! * g * g;
      if (i < DECAY_END) values[i]! -= knobs[0]! * knobs[4]! * values[i]!;
      const root = Math.sqrt(v[i]! / knobs[6]!) + knobs[3]!;
      values[i]! -= (knobs[0]! * (m[i]! / knobs[5]!)) / root;
    }
  },
};

/**
 * One AdamW step over flat buffers of N elements each: g = coefficient · grads; m, v are the moments;
 * elements before `decayEnd` decay, decoupled from the moments. Nothing is written when the state says that
 * the gradient is not finite. Buffers longer than a binding take several calls.
 * @param state (4) as globalNorm leaves it, see NORM_STATE
 * @param knobs (10), see ADAMW_KNOBS
 * @throws RangeError when the buffers differ in size or decayEnd is outside them.
 */
export function adamw(
  tape: Tape,
  values: Tensor,
  grads: Tensor,
  m: Tensor,
  v: Tensor,
  state: Tensor,
  knobs: Tensor,
  decayEnd: number,
): void {
  const N = size(values.shape);
  for (const other of [grads, m, v]) {
    check(
      size(other.shape) === N,
      `adamw: ${describe(other)} differs in size from ${describe(values)}, expected equal sizes`,
    );
  }
  check(
    decayEnd >= 0 && decayEnd <= N,
    `adamw: decay ends at element ${String(decayEnd)}, expected 0 to ${String(N)}`,
  );
  eachRange(tape, values, ({ at, length, of }) => {
    const bindings = { values: of(values), grads: of(grads), m: of(m), v: of(v), state, knobs };
    const DECAY_END = Math.min(Math.max(decayEnd - at, 0), length);
    tape.call(adamwUpdate, bindings, { N: length, DECAY_END });
  });
}
