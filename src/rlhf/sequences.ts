// The tensors of a batch of prompts with their responses, and how prompts become left-padded rows.
import { check, persistent } from "../plan/tensor.ts";
import type { EngineMemory } from "../plan/engine.ts";
import type { Tensor } from "../plan/tensor.ts";
import { PAD } from "../world/tokenizer.ts";

/** Extents of RL batches: B sequences, P prompt columns, G response columns. */
export interface Extents {
  readonly B: number;
  readonly P: number;
  readonly G: number;
}

/** A batch of sequences on the device; T = P + G. */
export interface Sequences extends Extents {
  readonly T: number;
  /** u32 (B,P), left-padded */
  readonly prompt: Tensor;
  /** u32 (B,G), PAD after EOS */
  readonly response: Tensor;
  /** u32 (B,T), prompt then response */
  readonly tokens: Tensor;
  /** u32 (B,P) and (B,T): 1 = real prompt token; the response columns are all 1 */
  readonly promptMask: Tensor;
  readonly mask: Tensor;
  /** u32 (B,P) and (B,T) */
  readonly promptPositions: Tensor;
  readonly positions: Tensor;
}

export function sequences(label: string, { B, P, G }: Extents): Sequences {
  const T = P + G;
  const u32 = (name: string, columns: number): Tensor =>
    persistent(`${label}.${name}`, [B, columns], "u32");
  return {
    B,
    P,
    G,
    T,
    prompt: u32("prompt", P),
    response: u32("response", G),
    tokens: u32("tokens", T),
    promptMask: u32("promptMask", P),
    mask: u32("mask", T),
    promptPositions: u32("promptPositions", P),
    positions: u32("positions", T),
  };
}

/** Host arrays of a batch of prompts. */
export interface PromptArrays {
  readonly prompt: Uint32Array;
  readonly promptMask: Uint32Array;
  readonly mask: Uint32Array;
  readonly promptPositions: Uint32Array;
  readonly positions: Uint32Array;
  /** (B) last prompt token of each row: what decoding starts from */
  readonly last: Uint32Array;
}

/**
 * Left-pads prompts to P columns. Positions count real tokens only, so padding does not shift them.
 * @throws RangeError when there are not exactly B prompts or one is empty or longer than P.
 */
export function packPrompts(
  prompts: readonly ArrayLike<number>[],
  { B, P, G }: Extents,
): PromptArrays {
  check(
    prompts.length === B,
    `prompts: got ${String(prompts.length)}, expected a batch of ${String(B)}`,
  );
  const T = P + G;
  const prompt = new Uint32Array(B * P);
  const promptMask = new Uint32Array(B * P);
  const mask = new Uint32Array(B * T).fill(1);
  const promptPositions = new Uint32Array(B * P);
  const positions = new Uint32Array(B * T);
  const last = new Uint32Array(B);
  prompts.forEach((tokens, b) => {
    const n = tokens.length;
    check(
      n > 0 && n <= P,
      `prompts: prompt ${String(b + 1)} has ${String(n)} tokens, expected 1 to ${String(P)}`,
    );
    for (let p = 0; p < P; p++) {
      const at = p - (P - n);
      if (at >= 0) prompt[b * P + p] = tokens[at] ?? 0;
      promptMask[b * P + p] = mask[b * T + p] = at >= 0 ? 1 : 0;
    }
    for (let t = 0; t < T; t++) positions[b * T + t] = Math.max(0, t - (P - n));
    for (let p = 0; p < P; p++) promptPositions[b * P + p] = positions[b * T + p] ?? 0;
    last[b] = tokens[n - 1] ?? 0;
  });
  return { prompt, promptMask, mask, promptPositions, positions, last };
}

/** A prompt and an answer to it, as tokens. */
export interface Answered {
  readonly prompt: ArrayLike<number>;
  readonly tokens: readonly number[];
}

/**
 * Writes prompts with finished answers into a batch; rows without one repeat the first. Answers longer than G
 * tokens are cut.
 * @throws RangeError when there is no item, or a prompt is empty or longer than P.
 */
export function writeAnswers(
  memory: EngineMemory,
  batch: Sequences,
  items: readonly Answered[],
): void {
  const { B, P, G, T } = batch;
  check(
    items.length > 0 && items.length <= B,
    `answers: got ${String(items.length)}, expected 1 to ${String(B)}`,
  );
  const full = Array.from({ length: B }, (_, b) => items[b] ?? (items[0] as Answered));
  const arrays = packPrompts(
    full.map(({ prompt }) => prompt),
    batch,
  );
  const response = new Uint32Array(B * G).fill(PAD);
  const tokens = new Uint32Array(B * T);
  full.forEach((item, b) => {
    response.set(item.tokens.slice(0, G), b * G);
    tokens.set(arrays.prompt.subarray(b * P, (b + 1) * P), b * T);
    tokens.set(response.subarray(b * G, (b + 1) * G), b * T + P);
  });
  memory.write(batch.response, response);
  memory.write(batch.tokens, tokens);
  memory.write(batch.mask, arrays.mask);
  memory.write(batch.positions, arrays.positions);
}

/** Rows `first` … `first + count` of a batch, as views of the same memory. */
export function slice(batch: Sequences, first: number, count: number): Sequences {
  const part = (tensor: Tensor): Tensor => rows(tensor, first, count);
  return {
    ...batch,
    B: count,
    prompt: part(batch.prompt),
    response: part(batch.response),
    tokens: part(batch.tokens),
    promptMask: part(batch.promptMask),
    mask: part(batch.mask),
    promptPositions: part(batch.promptPositions),
    positions: part(batch.positions),
  };
}

/** Consecutive rows of a persistent (B, …) tensor. Their first element must be aligned to 64 elements. */
export function rows(tensor: Tensor, first: number, count: number): Tensor {
  const [, ...rest] = tensor.shape;
  const width = rest.reduce((product, extent) => product * extent, 1);
  const offset = tensor.offset + first * width;
  check(
    offset % 64 === 0,
    `rows: row ${String(first)} of ${tensor.name} starts at element ${String(offset)}, expected a multiple of 64`,
  );
  return { ...tensor, name: `${tensor.name}.${String(first)}`, shape: [count, ...rest], offset };
}
