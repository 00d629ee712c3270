// A trained stage as a folder that this page's reader and transformers' GPT-2 read: weights, configuration, words.
import type { CheckpointCard } from "../model/checkpoint.ts";
import { gptSpecs } from "../model/gpt.ts";
import { layOut, unflatten } from "../model/parameters.ts";
import { transformersFiles } from "../model/transformers.ts";
import type { ModelFile } from "../model/transformers.ts";
import { writeSafetensors } from "../storage/safetensors.ts";
import type { FileTensor } from "../storage/safetensors.ts";

/**
 * The files of a model: weights in float32 under GPT-2's names and in its shapes, with the card in the metadata.
 * @throws RangeError when the weights do not fit the configuration
 */
export function exportedFiles(card: CheckpointCard, flat: Float32Array): ModelFile[] {
  const { config } = card;
  const layout = layOut("exported", gptSpecs(config), false);
  const tensors = new Map<string, FileTensor>();
  for (const [name, data] of Object.entries(unflatten(layout, flat))) {
    const shape = [...(layout.tensors.get(name)?.shape ?? [])];
    tensors.set(name, { dtype: "F32", shape, data: Float32Array.from(data) });
  }
  const metadata = { format: "pt", card: JSON.stringify(card) };
  const weights = { name: "model.safetensors", bytes: writeSafetensors(tensors, metadata) };
  return [weights, ...transformersFiles(config)];
}
