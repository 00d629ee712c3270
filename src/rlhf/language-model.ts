// Next-token training, for pre-training and SFT: batches of rows, the loss plan, and packing texts into rows.
import { classifierCrossEntropy } from "../kernels/classifier.ts";
import { crossEntropy } from "../kernels/cross-entropy.ts";
import type { CrossEntropy, CrossEntropyOptions } from "../kernels/cross-entropy.ts";
import type { Dropout } from "../kernels/dropout-drawn.ts";
import type { GptConfig } from "../model/gpt.ts";
import { gpt, unembed, unembedding } from "../model/gpt.ts";
import type { Parameters } from "../model/parameters.ts";
import type { EngineMemory } from "../plan/engine.ts";
import { Tape } from "../plan/tape.ts";
import type { TapeOptions } from "../plan/tape.ts";
import { check, persistent } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { update } from "./optimiser.ts";
import type { Optimiser } from "./optimiser.ts";

/** A batch of B right-padded rows of T tokens. */
export interface LmInput {
  readonly B: number;
  readonly T: number;
  /** i32 (B,T) */
  readonly tokens: Tensor;
  /** u32 (B,T) */
  readonly positions: Tensor;
  /** u32 (B,T), all ones: causality already hides right padding from real tokens */
  readonly mask: Tensor;
  /** i32 (B*T) */
  readonly targets: Tensor;
  /** f32 (B*T), 1 = the target counts */
  readonly weights: Tensor;
}

export function lmInput(label: string, B: number, T: number): LmInput {
  return {
    B,
    T,
    tokens: persistent(`${label}.tokens`, [B, T], "i32"),
    positions: persistent(`${label}.positions`, [B, T], "u32"),
    mask: persistent(`${label}.mask`, [B, T], "u32"),
    targets: persistent(`${label}.targets`, [B * T], "i32"),
    weights: persistent(`${label}.weights`, [B * T]),
  };
}

/** How the loss is recorded. */
export interface LossOptions {
  /** rows whose logits exist at once, a multiple of 64; by default all, or as many as one binding holds */
  readonly classifierRows?: number | undefined;
}

/**
 * Records the cross-entropy of hidden states (R,C). Where derivatives are wanted and all logits fit one binding, they
 * are kept: computing them again in backward costs a third more. Otherwise no tensor of all logits is made.
 */
export function lossOfHidden(
  tape: Tape,
  config: GptConfig,
  parameters: Parameters,
  hidden: Tensor,
  { targets, weights }: Pick<LmInput, "targets" | "weights">,
  { classifierRows: rows, ...options }: CrossEntropyOptions & LossOptions = {},
): CrossEntropy {
  const weight = unembedding(config, parameters);
  const [R = 0] = hidden.shape;
  const trained = tape.wants(hidden) || tape.wants(weight);
  if (trained && rows === undefined && R * config.vocabulary <= tape.bindingLength) {
    const logits = unembed(tape, config, parameters, hidden);
    return crossEntropy(tape, logits, targets, weights, options);
  }
  return classifierCrossEntropy(tape, { hidden, weight, targets }, weights, { ...options, rows });
}

/** Records the mean cross-entropy over the counted targets; returns its stats tensor (loss, count). */
export function lmLoss(
  tape: Tape,
  config: GptConfig,
  parameters: Parameters,
  input: LmInput,
  { dropout, ...options }: CrossEntropyOptions & LossOptions & Dropping = {},
): Tensor {
  const hidden = gpt(tape, config, parameters, input, dropout);
  return lossOfHidden(tape, config, parameters, hidden, input, options).stats;
}

interface Dropping {
  /** residual dropout; none by default, and then no call of it */
  readonly dropout?: Dropout | undefined;
}

/** How a training step is recorded, see TapeOptions. */
export type StepOptions = Pick<TapeOptions, "recompute" | "bindingLength" | "activations"> &
  LossOptions &
  Dropping;

/**
 * The whole training step as one list of calls: forward, backward, update. `stats` receives (loss, count).
 * @param options.recompute blocks compute their activations again instead of keeping them: less memory, more calls
 * @param options.classifierRows so many rows of logits at once, which are computed again in backward
 * @param options.activations "f16": blocks keep them in half the bytes, where the adapter has shader-f16
 */
export function lmStep(
  config: GptConfig,
  parameters: Parameters,
  optimiser: Optimiser,
  input: LmInput,
  stats: Tensor,
  options: StepOptions = {},
): Tape {
  const tape = new Tape(options);
  tape.train(parameters.tensors.values());
  const { classifierRows, dropout } = options;
  lmLoss(tape, config, parameters, input, { stats, classifierRows, dropout });
  tape.backward();
  update(tape, parameters, optimiser);
  return tape;
}

/** Forward only: the loss of a batch. */
export function lmEvaluation(
  config: GptConfig,
  parameters: Parameters,
  input: LmInput,
  stats: Tensor,
): Tape {
  const tape = new Tape();
  lmLoss(tape, config, parameters, input, { stats });
  return tape;
}

/** One training text: its tokens, and from which token on targets count (1 = all but the first). */
export interface Row {
  readonly tokens: ArrayLike<number>;
  readonly countFrom: number;
}

export interface LmArrays {
  readonly tokens: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float32Array;
  /** targets that count */
  readonly count: number;
}

/**
 * Packs at most B rows into arrays of a (B,T) batch: position t holds token t and predicts token t+1.
 * @throws RangeError when a row has more than T+1 tokens or there are more than B rows.
 */
export function packRows(rows: readonly Row[], B: number, T: number): LmArrays {
  check(
    rows.length <= B,
    `packRows: ${String(rows.length)} rows do not fit a batch of ${String(B)}`,
  );
  const tokens = new Int32Array(B * T);
  const targets = new Int32Array(B * T).fill(-100);
  const weights = new Float32Array(B * T);
  let count = 0;
  rows.forEach((row, b) => {
    const length = row.tokens.length;
    check(
      length <= T + 1,
      `packRows: row ${String(b)} has ${String(length)} tokens, expected at most ${String(T + 1)}`,
    );
    for (let t = 0; t + 1 < length; t++) {
      tokens[b * T + t] = row.tokens[t] ?? 0;
      if (t + 1 < row.countFrom) continue;
      targets[b * T + t] = row.tokens[t + 1] ?? 0;
      weights[b * T + t] = 1;
      count++;
    }
  });
  return { tokens, targets, weights, count };
}

/** Writes at most B rows into the arrays of an input. @throws RangeError as packRows. */
export function writeRows(memory: EngineMemory, input: LmInput, rows: readonly Row[]): void {
  const { tokens, targets, weights } = packRows(rows, input.B, input.T);
  memory.write(input.tokens, tokens);
  memory.write(input.targets, targets);
  memory.write(input.weights, weights);
}

/** Positions 0..T-1 of every row. */
export function rowPositions(B: number, T: number): Uint32Array {
  return Uint32Array.from({ length: B * T }, (_, i) => i % T);
}
