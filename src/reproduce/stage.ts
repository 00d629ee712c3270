// A stage of the reproduction: what it is made from decides its key, and the key decides whether it is made again.
import type { Engine } from "../plan/engine.ts";
import { sha256 } from "../storage/sha256.ts";

/** Raised whenever the code of the stages gives other results for the same settings. */
export const CODE_VERSION = 1;

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a stage leaves behind: plain data, and weights by name. */
export interface Artefact {
  readonly data: Json;
  readonly tensors: Readonly<Record<string, Float32Array>>;
}

/** What a stage can ask for while it runs. */
export interface Work {
  readonly engine: Engine;
  /** the artefact of one of its inputs */
  input(name: string): Artefact;
  /** share done, 0 to 1, and a few words; resolves after whatever else wants to happen */
  progress(share: number, note?: string): Promise<void>;
  /** what `keep` kept before the stage was interrupted */
  kept(): Artefact | undefined;
  /** keeps a state from which the stage can go on */
  keep(state: Artefact): void;
}

export interface Stage {
  /** unique, e.g. `micro/sft/1` */
  readonly name: string;
  /** everything that decides the result besides the inputs and the code */
  readonly settings: Json;
  /** names of the stages that it reads */
  readonly inputs: readonly string[];
  /** floating-point operations of its matrix products and attention, planned */
  readonly flops: number;
  run(work: Work): Promise<Artefact>;
}

/** JSON with the keys of every object in order: the same value gives the same text. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value as Readonly<Record<string, Json>>);
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(",")}}`;
}

/** Settings as plain JSON: what JSON cannot say (undefined) is left out. */
export function jsonOf(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/**
 * The key of every stage by name: a hash over its name, settings, the code version, the engine (engines
 * round differently), and the keys of its inputs.
 * @throws Error when a stage is named twice, or reads one that does not come before it
 */
export function stageKeys(
  stages: readonly Stage[],
  engine: string,
  version = CODE_VERSION,
): Map<string, string> {
  const keys = new Map<string, string>();
  for (const { name, settings, inputs } of stages) {
    if (keys.has(name)) throw new Error(`reproduce: the stage ${name} is declared twice`);
    const from = inputs.map((input) => {
      const key = keys.get(input);
      if (key === undefined)
        throw new Error(`reproduce: ${name} reads ${input}, which is not before it`);
      return key;
    });
    keys.set(
      name,
      sha256(canonical({ name, settings, version, engine, inputs: from })).slice(0, 24),
    );
  }
  return keys;
}

/** The stages that `wanted` need, themselves included, in the order of `stages`. */
export function neededFor(stages: readonly Stage[], wanted: readonly string[]): Stage[] {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    byName.get(name)?.inputs.forEach(visit);
  };
  wanted.forEach(visit);
  return stages.filter(({ name }) => found.has(name));
}
