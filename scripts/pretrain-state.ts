// What pre-training keeps on disk: the state from which it goes on, and the finished models.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { encodeHalf } from "../src/plan/half.ts";
import type { LmTrainer } from "../src/rlhf/session/lm-trainer.ts";
import { readSafetensors, toFloat32, writeSafetensors } from "../src/storage/safetensors.ts";
import type { FileTensor } from "../src/storage/safetensors.ts";
import type { GptConfig } from "../src/model/gpt.ts";
import { size } from "../src/plan/tensor.ts";
import { StorageError } from "../src/storage/errors.ts";
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

/** What a state belongs to: another model, another corpus or another schedule would not go on with it. */
export interface Course {
  readonly config: GptConfig;
  readonly seed: number;
  readonly lr: number;
  readonly steps: number;
}

/** Keeps weights, moments and state. */
export async function checkpoint(
  trainer: LmTrainer,
  path: string,
  state: State,
  course: Course,
): Promise<void> {
  const { memory } = trainer.engine;
  const { values } = trainer.parameters;
  const { m, v } = trainer.optimiser;
  const [p, first, second] = await memory.read([values, m, v]);
  save(
    path,
    { values: p as Float32Array, m: first as Float32Array, v: second as Float32Array },
    {
      step: String(state.step),
      curve: JSON.stringify(state.curve),
      course: JSON.stringify(course),
    },
  );
}

/** Puts a kept state back. @throws UsageError with one sentence when it cannot be read or is of something else */
export function resume(trainer: LmTrainer, path: string, course: Course): State {
  const file = read(path);
  const kept = JSON.parse(file.metadata["course"] ?? "{}") as Partial<Course>;
  for (const name of ["config", "seed", "lr", "steps"] as const) {
    const [has, wants] = [JSON.stringify(kept[name]), JSON.stringify(course[name])];
    if (kept[name] !== undefined && has !== wants) {
      throw new UsageError(
        `--state ${path} is of a run with ${name} ${has}, and this one has ${wants}; name another --state, or start again with --fresh. Nothing was changed.`,
      );
    }
  }
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
    const values = toFloat32(found);
    if (values.length !== size(tensor.shape)) {
      throw new UsageError(
        `--state ${path} is of a model of ${values.length} parameters, and this one has ${size(tensor.shape)}; name another --state, or start again with --fresh. Nothing was changed.`,
      );
    }
    memory.write(tensor, values);
  }
  return {
    step: Number(file.metadata["step"]),
    curve: JSON.parse(file.metadata["curve"] ?? "[]") as [number, number][],
  };
}

function read(path: string): ReturnType<typeof readSafetensors> {
  try {
    return readSafetensors(readFileSync(path), { name: path });
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    throw new UsageError(
      `--state: ${error.message} Name another --state, or start again with --fresh.`,
    );
  }
}
