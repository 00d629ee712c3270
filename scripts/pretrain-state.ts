// What pre-training keeps on disk: the state from which it goes on, and the finished models.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { encodeHalf } from "../src/plan/half.ts";
import type { LmTrainer } from "../src/rlhf/session/lm-trainer.ts";
import { readSafetensors, toFloat32, writeSafetensors } from "../src/storage/safetensors.ts";
import type { FileTensor } from "../src/storage/safetensors.ts";
import { UsageError } from "./options.ts";

/** Where pre-training stands. */
export interface State {
  step: number;
  curve: [number, number][];
}

/** Writes arrays as a safetensors file, whole or not at all. */
export function save(
  path: string,
  arrays: Readonly<Record<string, Float32Array>>,
  metadata: Record<string, string>,
  half = false,
): void {
  mkdirSync(dirname(path), { recursive: true });
  const tensors = new Map<string, FileTensor>();
  for (const [name, data] of Object.entries(arrays)) {
    const file: FileTensor = half
      ? { dtype: "F16", shape: [data.length], data: encodeHalf(data) }
      : { dtype: "F32", shape: [data.length], data: Float32Array.from(data) };
    tensors.set(name, file);
  }
  writeFileSync(`${path}.tmp`, writeSafetensors(tensors, metadata));
  renameSync(`${path}.tmp`, path);
}

/** Keeps weights, moments and state. */
export async function checkpoint(trainer: LmTrainer, path: string, state: State): Promise<void> {
  const { memory } = trainer.engine;
  const { values } = trainer.parameters;
  const { m, v } = trainer.optimiser;
  const [p, first, second] = await memory.read([values, m, v]);
  save(
    path,
    { values: p as Float32Array, m: first as Float32Array, v: second as Float32Array },
    { step: String(state.step), curve: JSON.stringify(state.curve) },
  );
}

/** Puts a kept state back. @throws UsageError when an array is missing */
export function resume(trainer: LmTrainer, path: string): State {
  const file = readSafetensors(readFileSync(path), { name: path });
  const { memory } = trainer.engine;
  const { m, v } = trainer.optimiser;
  for (const [name, tensor] of [
    ["values", trainer.parameters.values],
    ["m", m],
    ["v", v],
  ] as const) {
    const found = file.tensors.get(name);
    if (found === undefined)
      throw new UsageError(`${path}: no tensor "${name}"; start again with --fresh.`);
    memory.write(tensor, toFloat32(found));
  }
  return {
    step: Number(file.metadata["step"]),
    curve: JSON.parse(file.metadata["curve"] ?? "[]") as [number, number][],
  };
}
