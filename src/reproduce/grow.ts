// Growth of a model without changing what it computes: twice the width, and more blocks that add nothing at first.
import type { GptConfig } from "../model/gpt.ts";
import { gptSpecs } from "../model/gpt.ts";
import { size } from "../plan/tensor.ts";
import { Rng } from "../world/rng.ts";

type Named = Readonly<Record<string, ArrayLike<number>>>;

/** Rows and columns of a matrix that is doubled both ways. */
function doubled(
  from: ArrayLike<number>,
  rows: number,
  columns: number,
  share: () => number,
  parts = 1,
): Float32Array {
  const shares = Float32Array.from({ length: 2 * rows * columns }, share);
  // columns hold `parts` blocks (query, key, value), each of which is doubled by itself
  const block = columns / parts;
  const to = new Float32Array(4 * rows * columns);
  for (let i = 0; i < 2 * rows; i++) {
    for (let j = 0; j < 2 * columns; j++) {
      const part = Math.floor(j / (2 * block));
      const column = part * block + ((j % (2 * block)) % block);
      const value = from[(i % rows) * columns + column] ?? 0;
      const own = shares[(i % rows) * 2 * columns + j] ?? 0;
      to[i * 2 * columns + j] = value * (i < rows ? own : 1 - own);
    }
  }
  return to;
}

function repeated(from: ArrayLike<number>, parts = 1, factor = 1): Float32Array {
  const block = from.length / parts;
  const to = new Float32Array(2 * from.length);
  for (let j = 0; j < to.length; j++) {
    const part = Math.floor(j / (2 * block));
    to[j] = factor * (from[part * block + ((j % (2 * block)) % block)] ?? 0);
  }
  return to;
}

/**
 * Weights for `to` of a model of half its width and heads and no more blocks, so that both compute the same
 * (Chen et al. 2016, Net2Net): every channel and every head exists twice, what reads a channel splits its weight
 * unevenly between the two (which lets them part ways in training), and the final norm is halved because tied
 * embeddings count both. New blocks start with outputs of zero.
 * @throws RangeError when the sizes do not fit
 */
export function grow(from: GptConfig, weights: Named, to: GptConfig, seed: number): Named {
  if (to.width !== 2 * from.width || to.heads !== 2 * from.heads || to.layers < from.layers) {
    throw new RangeError(
      `grow: from ${from.width} channels, ${from.heads} heads and ${from.layers} blocks to ${to.width}, ${to.heads} and ${to.layers}; expected twice the first two and no fewer blocks; nothing was made.`,
    );
  }
  const rng = new Rng(seed);
  const C = from.width;
  const old = (name: string): ArrayLike<number> => weights[name] ?? [];
  const split = (): number => 0.25 + 0.5 * rng.next();
  const result: Record<string, ArrayLike<number>> = {};
  for (const { name, shape, std, fill = 0 } of gptSpecs(to)) {
    const [, block = ""] = /^h\.(\d+)\./.exec(name) ?? [];
    if (block !== "" && Number(block) >= from.layers) {
      const silent = /c_proj\.(?:weight|bias)$/.test(name);
      const values = () => (silent ? 0 : fill + std * rng.normal());
      result[name] = Float32Array.from({ length: size(shape) }, values);
      continue;
    }
    const parts = name.includes("c_attn") ? 3 : 1;
    if (name === "wte.weight" || name === "wpe.weight") {
      const both = (_: unknown, i: number) => old(name)[Math.floor(i / (2 * C)) * C + (i % C)] ?? 0;
      result[name] = Float32Array.from({ length: size(shape) }, both);
    } else if (shape.length === 2) {
      const [rows = 0, columns = 0] = shape;
      result[name] = doubled(old(name), rows / 2, columns / 2, split, parts);
    } else {
      result[name] = repeated(old(name), parts, name.startsWith("ln_f") ? 0.5 : 1);
    }
  }
  return result;
}
