// Packs named tensors into one flat buffer, decayed ones first, as the optimiser wants them.
import { size } from "../plan/tensor.ts";
import type { Shape } from "../plan/tensor.ts";

interface Part {
  readonly name: string;
  readonly shape: Shape;
}

export class Flat {
  readonly length: number;
  /** elements before this one decay */
  readonly decayEnd: number;
  private readonly parts: readonly (Part & { readonly at: number })[];

  constructor(parts: readonly Part[], decayed: (name: string) => boolean) {
    const order = [
      ...parts.filter(({ name }) => decayed(name)),
      ...parts.filter(({ name }) => !decayed(name)),
    ];
    let at = 0;
    let decayEnd = 0;
    this.parts = order.map((part) => {
      const placed = { ...part, at };
      at += size(part.shape);
      if (decayed(part.name)) decayEnd = at;
      return placed;
    });
    this.length = at;
    this.decayEnd = decayEnd;
  }

  /** One flat array from the values of each part. */
  pack(values: (name: string) => ArrayLike<number>): Float32Array {
    const flat = new Float32Array(this.length);
    for (const { name, at } of this.parts) flat.set(values(name), at);
    return flat;
  }

  /** The parts of a flat array under new names. */
  unpack(flat: ArrayLike<number>, rename: (name: string) => string): Record<string, number[]> {
    const slice = (at: number, shape: Shape): number[] =>
      Array.from({ length: size(shape) }, (_, i) => flat[at + i] ?? NaN);
    return Object.fromEntries(
      this.parts.map(({ name, shape, at }) => [rename(name), slice(at, shape)]),
    );
  }
}
