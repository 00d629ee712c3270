// Reads a folder of oracle vectors: manifest.json and the safetensors files it names.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors, toFloat32 } from "../storage/safetensors.ts";
import type { FileTensor } from "../storage/safetensors.ts";

/** Where the values of an input lie. */
export interface InputEntry {
  readonly tensor: string;
  readonly shape: readonly number[];
  readonly dtype: "F32" | "I32";
}

/** Where the expected values of an output lie, and how near a result must come. */
export interface OutputEntry extends InputEntry {
  readonly atol: number;
  readonly rtol: number;
  /** name of a tensor; elements where it is 0 are not compared */
  readonly compare_mask?: string;
}

export interface OracleCase {
  readonly id: string;
  readonly group: string;
  readonly spec: string;
  readonly file: string;
  readonly hyper: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, InputEntry>>;
  readonly outputs: Readonly<Record<string, OutputEntry>>;
}

/** Cases of one folder and the tensors of its files. */
export interface Vectors {
  readonly cases: readonly OracleCase[];
  tensor(file: string, name: string): FileTensor;
}

/** The folder cannot be used at all; the message is one sentence. */
export class VectorsError extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = "VectorsError";
  }
}

const FORMAT = "rlhf-oracle-vectors/1";

/**
 * Reads all vectors of a folder. A file of tensors that cannot be read is an error of its cases: see `tensor`.
 * @throws VectorsError when the manifest is missing or is not what the format says.
 */
export async function readVectors(folder: string): Promise<Vectors> {
  const cases = checkCases(await readManifest(folder), folder);
  const files = new Map<string, ReadonlyMap<string, FileTensor> | VectorsError>();
  for (const { file } of cases) {
    if (!files.has(file)) files.set(file, await readTensors(join(folder, file)).catch(refusal));
  }
  return {
    cases,
    tensor(file, name) {
      const all = files.get(file);
      // fails the cases that need it, and no other
      if (all instanceof VectorsError) throw all;
      const found = all?.get(name);
      if (found === undefined) {
        throw new VectorsError(
          `${join(folder, file)}: found no tensor "${name}", which manifest.json names.`,
        );
      }
      return found;
    },
  };
}

/** A file that cannot be read, to be said of each case that names it. */
function refusal(error: unknown): VectorsError {
  if (error instanceof VectorsError) return error;
  throw error;
}

async function readManifest(folder: string): Promise<unknown> {
  const path = join(folder, "manifest.json");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    throw new VectorsError(`${path}: cannot be read; expected a folder with oracle vectors.`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new VectorsError(`${path}: is not JSON; expected the manifest of oracle vectors.`);
  }
}

async function readTensors(path: string): Promise<ReadonlyMap<string, FileTensor>> {
  let bytes: Uint8Array;
  try {
    // A copy without Node's Buffer methods, whose slice does not copy.
    bytes = new Uint8Array(await readFile(path));
  } catch {
    throw new VectorsError(`${path}: cannot be read, and manifest.json names it.`);
  }
  try {
    // Some cases hold infinities where a mask says that nobody may look.
    return readSafetensors(bytes, { name: path, finite: false }).tensors;
  } catch (error) {
    throw new VectorsError(error instanceof Error ? error.message : String(error));
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkCases(manifest: unknown, folder: string): readonly OracleCase[] {
  const path = join(folder, "manifest.json");
  if (!isObject(manifest) || manifest["format"] !== FORMAT) {
    throw new VectorsError(`${path}: has no format "${FORMAT}", so it cannot be run.`);
  }
  const cases = manifest["cases"];
  if (!Array.isArray(cases) || cases.length === 0) {
    throw new VectorsError(`${path}: lists no cases, so there is nothing to run.`);
  }
  cases.forEach((item: unknown, index) => {
    const texts = ["id", "group", "spec", "file"];
    const objects = ["hyper", "inputs", "outputs"];
    const fits =
      isObject(item) &&
      texts.every((key) => typeof item[key] === "string") &&
      objects.every((key) => isObject(item[key])) &&
      [item["inputs"], item["outputs"]].every((list) =>
        Object.values(list as object).every(isEntry),
      ) &&
      Object.values(item["outputs"] as object).every(hasTolerances);
    if (!fits) {
      throw new VectorsError(
        `${path}: case ${String(index)} lacks one of ${[...texts, ...objects].join(", ")} or has an entry without tensor, shape and dtype, or an output without atol and rtol of 0 or more.`,
      );
    }
  });
  return cases as readonly OracleCase[];
}

function isEntry(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value["tensor"] === "string" &&
    Array.isArray(value["shape"]) &&
    (value["dtype"] === "F32" || value["dtype"] === "I32")
  );
}

function hasTolerances(value: unknown): boolean {
  return (
    isObject(value) &&
    [value["atol"], value["rtol"]].every((one) => typeof one === "number" && one >= 0 && one < 1e9)
  );
}

/** What an entry says of its tensor and the tensor is not; undefined where they agree. */
export function contradiction(
  { tensor, shape, dtype }: InputEntry,
  found: FileTensor,
): string | undefined {
  const same = shape.length === found.shape.length && shape.every((n, i) => n === found.shape[i]);
  if (same && dtype === found.dtype) return undefined;
  return `the tensor ${tensor} is ${found.dtype} [${found.shape.join(", ")}], and manifest.json says ${dtype} [${shape.join(", ")}]`;
}

/** The values of a file's tensor as numbers. */
export function valuesOf(tensor: FileTensor): Float32Array | Int32Array {
  return tensor.dtype === "I32" ? tensor.data : toFloat32(tensor);
}
