// Named weights out of a safetensors file, and back.
import { readCard } from "../model/checkpoint.ts";
import type { CheckpointCard } from "../model/checkpoint.ts";
import { gptSpecs } from "../model/gpt.ts";
import { rewardHeadSpecs } from "../rlhf/scoring.ts";
import type { Weights } from "../rlhf/session/saved-run.ts";
import { readSafetensors, toFloat32, writeSafetensors } from "../storage/safetensors.ts";
import type { FileTensor } from "../storage/safetensors.ts";

export interface Checkpoint {
  readonly card: CheckpointCard;
  readonly weights: Weights;
}

/** Reads a shipped checkpoint; its checksum must match. @throws StorageError or RangeError with one sentence. */
export function readCheckpoint(bytes: Uint8Array, name: string): Checkpoint {
  const { tensors, metadata } = readSafetensors(bytes, { name, checksum: "required" });
  const card = readCard(metadata, name);
  const weights: Record<string, Float32Array> = {};
  for (const [key, tensor] of tensors) weights[key] = toFloat32(tensor);
  return { card, weights };
}

/** A model of this configuration as a checkpoint that readCheckpoint takes, with or without a reward head beside it. */
export function writeCheckpoint(
  weights: Weights,
  card: CheckpointCard,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const specs = [...gptSpecs(card.config), ...rewardHeadSpecs(card.config)];
  const shapes = new Map(specs.map(({ name, shape }) => [name, shape]));
  return writeWeights(weights, { ...metadata, card: JSON.stringify(card) }, shapes);
}

/**
 * A safetensors file of named weights in float32.
 * @param shapes by name; a tensor without one is flat
 */
export function writeWeights(
  weights: Weights,
  metadata: Readonly<Record<string, string>>,
  shapes: ReadonlyMap<string, readonly number[]> = new Map(),
): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, FileTensor>();
  for (const [name, data] of Object.entries(weights)) {
    const shape = [...(shapes.get(name) ?? [data.length])];
    tensors.set(name, { dtype: "F32", shape, data: Float32Array.from(data) });
  }
  return writeSafetensors(tensors, metadata);
}
