// Named weights out of a safetensors file, and back.
import { readCard } from "../model/checkpoint.ts";
import type { CheckpointCard } from "../model/checkpoint.ts";
import type { Weights } from "../rlhf/session/saved-run.ts";
import { encodeHalf } from "../plan/half.ts";
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

/** A safetensors file of named weights in float32, or float16 with `half`. */
export function writeWeights(
  weights: Weights,
  metadata: Readonly<Record<string, string>>,
  half = false,
): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, FileTensor>();
  for (const [name, data] of Object.entries(weights)) {
    tensors.set(
      name,
      half
        ? { dtype: "F16", shape: [data.length], data: encodeHalf(data) }
        : { dtype: "F32", shape: [data.length], data: Float32Array.from(data) },
    );
  }
  return writeSafetensors(tensors, metadata);
}
