// Initial values of parameters, reproducible from a seed.
import { size } from "../plan/tensor.ts";
import type { Parameters } from "./parameters.ts";

/** Uniform numbers in (0,1] from a seed: sfc32, seeded through a few mixing rounds. */
function uniform(seed: number): () => number {
  let a = seed >>> 0;
  let b = 0x9e3779b9;
  let c = 0x243f6a88;
  let counter = 1;
  const next = (): number => {
    const t = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = ((c << 21) | (c >>> 11)) >>> 0;
    c = (c + t) >>> 0;
    return (t + 1) / 4294967296;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** Normal values (Box-Muller) with each parameter's std, or its constant. Flat, as Parameters.values. */
export function initialValues(parameters: Parameters, seed: number): Float32Array {
  const next = uniform(seed);
  const flat = new Float32Array(size(parameters.values.shape));
  for (const spec of parameters.specs) {
    const tensor = parameters.tensors.get(spec.name);
    if (tensor === undefined) continue;
    const end = tensor.offset + size(tensor.shape);
    for (let i = tensor.offset; i < end; i++) {
      const normal = Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
      flat[i] = (spec.fill ?? 0) + spec.std * normal;
    }
  }
  return flat;
}
