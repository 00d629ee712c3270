// Parameters of a model as one flat buffer (and one for gradients), so that an optimiser step is one dispatch.
import { ALIGNMENT, check, persistent, size, view } from "../plan/tensor.ts";
import type { Shape, Tensor } from "../plan/tensor.ts";

export interface ParameterSpec {
  /** GPT-2's names: wte.weight, h.0.attn.c_attn.weight, … */
  readonly name: string;
  readonly shape: Shape;
  /** standard deviation of the initial values; 0 with `fill` for constants */
  readonly std: number;
  readonly fill?: number;
}

/** A model's parameters. Views are aligned, so padding elements between them stay zero for ever. */
export interface Parameters {
  readonly label: string;
  readonly specs: readonly ParameterSpec[];
  /** flat, decayed matrices first */
  readonly values: Tensor;
  /** flat, same layout; absent for frozen models */
  readonly gradients?: Tensor;
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** elements below this index are decayed by AdamW (tensors of two or more dimensions) */
  readonly decayEnd: number;
}

const align = (n: number): number => Math.ceil(n / ALIGNMENT) * ALIGNMENT;

/** Decay goes to tensors with at least two dimensions and more than one column, as GPT-2's and the oracle's. */
function decayed(spec: ParameterSpec): boolean {
  return spec.shape.length >= 2;
}

/** Lays out parameters in one flat storage; `trainable` adds the gradient storage. */
export function layOut(
  label: string,
  specs: readonly ParameterSpec[],
  trainable: boolean,
): Parameters {
  const ordered = [...specs.filter(decayed), ...specs.filter((spec) => !decayed(spec))];
  const offsets = new Map<string, number>();
  let total = 0;
  let decayEnd = 0;
  for (const spec of ordered) {
    check(!offsets.has(spec.name), `${label}: the parameter ${spec.name} is declared twice`);
    offsets.set(spec.name, total);
    total += align(size(spec.shape));
    if (decayed(spec)) decayEnd = total;
  }
  const values = persistent(`${label}.values`, [total], "f32", "parameters");
  const gradients = trainable
    ? persistent(`${label}.gradients`, [total], "f32", "gradients")
    : undefined;
  const tensors = new Map<string, Tensor>();
  for (const spec of specs) {
    const at = offsets.get(spec.name) ?? 0;
    const value = { ...view(values, spec.shape, at), name: spec.name };
    const gradient =
      gradients === undefined
        ? undefined
        : { ...view(gradients, spec.shape, at), name: `d${spec.name}` };
    tensors.set(spec.name, gradient === undefined ? value : { ...value, gradient });
  }
  const base = { label, specs, values, tensors, decayEnd };
  return gradients === undefined ? base : { ...base, gradients };
}

/** The tensor of a name. Throws with the nearest names when there is none. */
export function parameter(parameters: Parameters, name: string): Tensor {
  const tensor = parameters.tensors.get(name);
  if (tensor === undefined) {
    const known = [...parameters.tensors.keys()].join(", ");
    throw new Error(`${parameters.label}: no parameter ${name}, expected one of ${known}`);
  }
  return tensor;
}

/** Number of real parameters, padding not counted. */
export function parameterCount(parameters: Parameters): number {
  return parameters.specs.reduce((sum, spec) => sum + size(spec.shape), 0);
}

/** The flat values of named arrays; every parameter must be there with its size. */
export function flatten(
  parameters: Parameters,
  arrays: Readonly<Record<string, ArrayLike<number>>>,
): Float32Array {
  const flat = new Float32Array(size(parameters.values.shape));
  for (const [name, tensor] of parameters.tensors) {
    const array = arrays[name];
    const expected = size(tensor.shape);
    check(
      array !== undefined && array.length === expected,
      `${parameters.label}: the parameter ${name} needs ${String(expected)} numbers, got ${array === undefined ? "none" : String(array.length)}`,
    );
    flat.set(array, tensor.offset);
  }
  return flat;
}

/** Named copies out of flat values. */
export function unflatten(
  parameters: Parameters,
  flat: Float32Array,
): Record<string, Float32Array> {
  const arrays: Record<string, Float32Array> = {};
  for (const [name, tensor] of parameters.tensors) {
    arrays[name] = flat.slice(tensor.offset, tensor.offset + size(tensor.shape));
  }
  return arrays;
}
