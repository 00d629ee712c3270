// A trained model as a folder in a zip that transformers and this project's own tools load. Loaded when it is wanted.
import { zipSync } from "fflate";
import type { Zippable } from "fflate";
import { readCard } from "../model/checkpoint.ts";
import { transformersFiles } from "../model/transformers.ts";
import { readSafetensors } from "../storage/safetensors.ts";

/** The same time in every zip, the earliest that the format can say. */
const TIME = new Date(1980, 0, 1);

/**
 * @param weights a checkpoint of this project: safetensors with its card
 * @throws RangeError with one sentence when the model is of a kind that transformers' GPT-2 is not
 */
export function modelZip(weights: Uint8Array): Uint8Array<ArrayBuffer> {
  const { metadata } = readSafetensors(weights, { name: "the model" });
  const { config } = readCard(metadata, "the model");
  const files = [{ name: "model.safetensors", bytes: weights }, ...transformersFiles(config)];
  const entries: Zippable = {};
  for (const { name, bytes } of files) entries[`nudge-policy/${name}`] = [bytes, { mtime: TIME }];
  return Uint8Array.from(zipSync(entries));
}
