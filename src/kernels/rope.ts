// Rotary position embedding (Su et al. 2021), in the half-split layout of NeoX and the interleaved one of GPT-J.
import { row } from "../plan/kernel.ts";
import type { Consts, Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

interface RopeConsts extends Consts {
  /** tokens */
  readonly R: number;
  /** heads in a row of x */
  readonly HEADS: number;
  /** how many of them, from the first, are rotated; the others are copied */
  readonly ROTATED: number;
  /** width of a head, even */
  readonly D: number;
  readonly INTERLEAVED: boolean;
  /** rotate back: the backward of a rotation is its inverse */
  readonly INVERSE: boolean;
  readonly ACCUMULATE: boolean;
}

export const ropeKernel: Kernel<"x" | "pos" | "cosines" | "sines" | "y", RopeConsts> = {
  name: "rope",
  writes: ["y"],
  grid: ({ R, HEADS, D }) => row(Math.ceil((R * HEADS * D) / 2 / 64)),
  reference({ x, pos, cosines, sines, y }, consts) {
    const { R, HEADS, ROTATED, D, INTERLEAVED, INVERSE, ACCUMULATE } = consts;
    const pairs = D / 2;
    for (let head = 0; head < R * HEADS; head++) {
      for (let i = 0; i < pairs; i++) {
        const first = head * D + (INTERLEAVED ? 2 * i : i);
        const second = first + (INTERLEAVED ? 1 : pairs);
        const at = pos[Math.floor(head / HEADS)]! * pairs + i;
        const turns = head % HEADS < ROTATED;
        const c = turns ? cosines[at]! : 1;
        const s = turns ? sines[at]! * (INVERSE ? -1 : 1) : 0;
        const [a, b] = [x[first]!, x[second]!];
        y[first] = a * c - b * s + (ACCUMULATE ? y[first]! : 0);
        y[second] = a * s + b * c + (ACCUMULATE ? y[second]! : 0);
      }
    }
  },
};

/** Contents of the two tables of `rope`, each (P, D/2) row-major. */
export interface RopeTables {
  readonly cosines: Float32Array<ArrayBuffer>;
  readonly sines: Float32Array<ArrayBuffer>;
}

/**
 * cos and sin of pos * theta^(-2i/D) for pos < P and i < D/2, rounded from double precision:
 * WGSL guarantees its own sin and cos only to 2^-11.
 * @throws RangeError when D is odd
 */
export function ropeTables(P: number, D: number, theta = 10000): RopeTables {
  check(D % 2 === 0, `ropeTables: the width of a head must be even, got ${String(D)}`);
  const pairs = D / 2;
  const cosines = new Float32Array(P * pairs);
  const sines = new Float32Array(P * pairs);
  for (let pos = 0; pos < P; pos++) {
    for (let i = 0; i < pairs; i++) {
      const angle = pos * theta ** ((-2 * i) / D);
      cosines[pos * pairs + i] = Math.cos(angle);
      sines[pos * pairs + i] = Math.sin(angle);
    }
  }
  return { cosines, sines };
}

/** How the rows of `rope`'s input are divided. */
export interface RopeLayout {
  /** heads in a row of x: 3H for a packed row q | k | v */
  readonly heads: number;
  /** how many of them, from the first, are rotated: 2H rotates q and k and copies v; all by default */
  readonly rotated?: number;
  /** pairs are (2i, 2i+1) instead of (i, i + D/2) */
  readonly interleaved?: boolean;
}

/**
 * Rotates pairs of elements of every head by an angle that grows with the position.
 * @param x (R, heads*D)
 * @param pos u32 (R), each below the rows of the tables
 * @param tables the two (P, D/2) tensors that hold `ropeTables`
 * @returns (R, heads*D)
 * @throws RangeError when a shape does not fit
 */
export function rope(
  tape: Tape,
  x: Tensor,
  pos: Tensor,
  tables: { readonly cosines: Tensor; readonly sines: Tensor },
  { heads, rotated = heads, interleaved = false }: RopeLayout,
): Tensor {
  const { cosines, sines } = tables;
  const R = size(pos.shape);
  const D = 2 * (cosines.shape[1] ?? 0);
  check(
    size(x.shape) === R * heads * D &&
      size(sines.shape) === size(cosines.shape) &&
      rotated <= heads,
    `rope: expected x[R,heads*D], pos[R] and tables[P,D/2] for ${String(heads)} heads, got ${describe(x)}, ${describe(pos)} and ${describe(cosines)}`,
  );
  const y = tape.activation("rope", x.shape, x);
  const consts = { R, HEADS: heads, ROTATED: rotated, D, INTERLEAVED: interleaved };
  const forward = { ...consts, INVERSE: false, ACCUMULATE: false };
  tape.call(ropeKernel, { x, pos, cosines, sines, y }, forward);
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    const dx = tape.into(x);
    if (dx === undefined) return;
    const backward = { ...consts, INVERSE: true, ACCUMULATE: dx.ACCUMULATE };
    tape.call(ropeKernel, { x: dy, pos, cosines, sines, y: dx.tensor }, backward);
  });
  return y;
}
