// Maxima and sums of exponentials of slices of rows: the first pass of every op that normalises logits.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check } from "../plan/tensor.ts";
import type { Tensor, TypedArray } from "../plan/tensor.ts";
import type { Knob } from "./knobs.ts";
import { vectorVariant } from "./row-variants.ts";

interface Consts {
  readonly [name: string]: number | boolean;
  readonly R: number;
  readonly V: number;
  readonly PARTS: number;
  readonly TEMPERED: boolean;
  readonly TEMPERATURE: number;
  readonly BANNED: number;
}

/** Stands in for minus infinity, which shader compilers may assume away. */
export const LOWEST = -1e30;
// exp of less than this is 0 for every purpose here
const NEGLIGIBLE = -80;

/** True if token id `v` is excluded by the bit mask. */
export function isBanned(BANNED: number, v: number): boolean {
  return v < 32 && ((BANNED >>> v) & 1) === 1;
}

export const softmaxPartsForward: Kernel<"logits" | "knobs" | "parts", Consts> = {
  name: "softmax_parts",
  variants: [
    vectorVariant(
      "softmax_parts",
      ({ V, PARTS }) => V % 4 === 0 && PARTS % 4 === 0,
      ({ R, PARTS }) => row(Math.ceil((R * PARTS) / 256)),
    ),
  ],
  tuningClass: () => "",
  writes: ["parts"],
  grid: ({ R, PARTS }) => row(Math.ceil((R * PARTS) / 64)),
  reference({ logits, knobs, parts }, { R, V, PARTS, TEMPERED, TEMPERATURE, BANNED }) {
    const scale = TEMPERED ? 1 / knobs[TEMPERATURE]! : 1;
    for (let i = 0; i < R * PARTS; i++) {
      const at = Math.floor(i / PARTS) * V;
      let largest = LOWEST;
      let sum = 0;
      let product = 0;
      for (let v = i % PARTS; v < V; v += PARTS) {
        if (!isBanned(BANNED, v)) largest = Math.max(largest, logits[at + v]! * scale);
      }
      for (let v = i % PARTS; v < V; v += PARTS) {
        if (isBanned(BANNED, v)) continue;
        const shifted = logits[at + v]! * scale - largest;
        sum += Math.exp(shifted);
        product += Math.exp(shifted) * shifted;
      }
      parts[3 * i] = largest;
      parts[3 * i + 1] = sum;
      parts[3 * i + 2] = product;
    }
  },
};

/** Joins the slices of row r: maximum m, log of the sum of exp(z - m), and the mean of z - m under the softmax. */
export function joinParts(
  parts: TypedArray,
  r: number,
  PARTS: number,
): { largest: number; logSum: number; mean: number } {
  let largest = LOWEST;
  for (let p = r * PARTS; p < (r + 1) * PARTS; p++) largest = Math.max(largest, parts[3 * p]!);
  let sum = 0;
  let product = 0;
  for (let p = r * PARTS; p < (r + 1) * PARTS; p++) {
    const shift = parts[3 * p]! - largest;
    if (shift < NEGLIGIBLE) continue;
    sum += Math.exp(shift) * parts[3 * p + 1]!;
    product += Math.exp(shift) * (parts[3 * p + 2]! + shift * parts[3 * p + 1]!);
  }
  return { largest, logSum: Math.log(sum), mean: product / sum };
}

/** How a kernel that joins slices finds what it needs. */
export interface Joined {
  readonly PARTS: number;
  /** the binding `logits` holds (R) the targets' logits instead of all (R,V) */
  readonly GATHERED: boolean;
}

export interface Slices {
  /** (R,PARTS,3): maximum m of z, sum of exp(z - m), sum of exp(z - m) (z - m), with z = logits / temperature */
  readonly parts: Tensor;
  readonly R: number;
  readonly V: number;
  readonly PARTS: number;
}

/** Refuses a ban of every token. */
export function checkAllowed(V: number, BANNED: number): void {
  for (let v = 0; v < V; v++) if (!isBanned(BANNED, v)) return;
  check(false, `softmax: the ban leaves none of ${String(V)} tokens, expected at least one`);
}

/**
 * First pass over logits (..,V): slice p of a row holds the columns p, p + PARTS, p + 2 PARTS, ..; eight slices
 * give a GPU eight times the threads and neighbouring threads neighbouring addresses.
 * @throws RangeError when logits have no rows or every token is banned.
 */
export function softmaxParts(
  tape: Tape,
  logits: Tensor,
  { temperature, BANNED = 0 }: { temperature?: Knob | undefined; BANNED?: number } = {},
): Slices {
  const V = logits.shape.at(-1) ?? 1;
  const R = logits.shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
  checkAllowed(V, BANNED);
  const PARTS = Math.min(8, Math.ceil(V / 16));
  const parts = tape.scratch("softmax.parts", [R, PARTS, 3]);
  tape.call(
    softmaxPartsForward,
    { logits, knobs: temperature?.tensor ?? logits, parts },
    {
      R,
      V,
      PARTS,
      TEMPERED: temperature !== undefined,
      TEMPERATURE: temperature?.index ?? 0,
      BANNED,
    },
  );
  return { parts, R, V, PARTS };
}
