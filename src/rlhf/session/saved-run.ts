// What of a run is saved, under which names, and how it comes back.
import type { Engine } from "../../plan/engine.ts";
import { size } from "../../plan/tensor.ts";
import type { Tensor } from "../../plan/tensor.ts";
import type { Optimiser } from "../optimiser.ts";
import type { RunState } from "./state.ts";

/** Named weights, as in a checkpoint. */
export type Weights = Readonly<Record<string, Float32Array>>;
export type Named = readonly (readonly [string, Tensor])[];

const moments = (name: string, { m, v }: Optimiser): Named => [
  [`${name}.m`, m],
  [`${name}.v`, v],
];

/** All that training needs to go on: weights, optimiser moments, live scalars, and the average where one is kept. */
export function runTensors(state: RunState, average: boolean): Named {
  const { policy, value } = state.models;
  return [
    ["policy.values", policy.values],
    ["value.values", value.values],
    ["knobs", state.knobs],
    ...moments("policy", state.policyOptimiser),
    ...moments("value", state.valueOptimiser),
    ...(average ? ([["average.values", state.average.values]] as const) : []),
  ];
}

/** Copies of tensors by name. */
export async function readNamed(
  engine: Engine,
  named: Named,
): Promise<Record<string, Float32Array>> {
  const arrays = await engine.memory.read(named.map(([, tensor]) => tensor));
  return Object.fromEntries(
    named.map(([name], i) => [name, Float32Array.from(arrays[i] ?? [])] as const),
  );
}

/** @throws RangeError with one sentence when an array is missing or has another size */
export function checkNamed(named: Named, arrays: Weights): void {
  for (const [name, tensor] of named) {
    const found = arrays[name]?.length ?? 0;
    if (found !== size(tensor.shape)) {
      throw new RangeError(
        `The saved run: ${name} has ${String(found)} numbers, expected ${String(size(tensor.shape))}; the run was not loaded.`,
      );
    }
  }
}

/** Writes arrays back. @throws RangeError before anything is written; see checkNamed. */
export function writeNamed(engine: Engine, named: Named, arrays: Weights): void {
  checkNamed(named, arrays);
  for (const [name, tensor] of named) engine.memory.write(tensor, arrays[name] as Float32Array);
}

/** Sets tensors to zero. */
export function clear(engine: Engine, tensors: readonly Tensor[]): void {
  for (const tensor of tensors) engine.memory.write(tensor, new Float32Array(size(tensor.shape)));
}
