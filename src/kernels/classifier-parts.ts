// Softmax slices of logits that are never stored: hidden states times the unembedding, reduced in registers.
import { row } from "../plan/kernel.ts";
import type { AdapterTraits, Kernel, Variant } from "../plan/kernel.ts";
import { LOWEST, isBanned } from "./softmax-parts.ts";

export interface ClassifierConsts {
  readonly [name: string]: number | boolean;
  readonly R: number;
  readonly C: number;
  readonly V: number;
  readonly SLICE: number;
  readonly PARTS: number;
  readonly TEMPERED: boolean;
  readonly TEMPERATURE: number;
  readonly BANNED: number;
}

/** Columns of a slice: four times the columns of the widest tile below, so that a tile reduces several blocks. */
export const SLICE = 128;
const MAX_GROUPS = 65535;

interface Tile {
  readonly ROWS: number;
  readonly VECTORS: number;
  readonly UNROLL: boolean;
}

/** A subgroup per tile of rows and slice; see matmul_subgroup_nt for what the sizes buy. */
function subgroupTile({ ROWS, VECTORS, UNROLL }: Tile): Variant<ClassifierConsts> {
  const shader = "classifier_parts_subgroup";
  return {
    title: `${shader} ${String(ROWS)}x${String(4 * VECTORS)}${UNROLL ? " unrolled" : ""}`,
    shader,
    applies: ({ C, R }: ClassifierConsts, { subgroup = 0 }: AdapterTraits) =>
      subgroup >= 4 &&
      // written out, more steps of k than this take compilers too long
      (!UNROLL || subgroup <= 4) &&
      C % 4 === 0 &&
      C % subgroup === 0 &&
      SLICE % (4 * VECTORS * subgroup) === 0 &&
      Math.ceil(R / ROWS) <= MAX_GROUPS,
    consts: (consts, { subgroup = 0 }) => ({
      ...consts,
      SUBGROUP: subgroup,
      ROWS,
      VECTORS,
      UNROLL,
    }),
    grid: ({ R, PARTS }) => [PARTS, Math.ceil(R / ROWS)],
  };
}

export const classifierParts: Kernel<
  "h" | "w" | "targets" | "knobs" | "parts" | "hits",
  ClassifierConsts
> = {
  name: "classifier_parts",
  writes: ["parts", "hits"],
  grid: ({ R, PARTS }) => row(Math.ceil((Math.ceil(R / 4) * PARTS) / 32)),
  flops: ({ R, C, V }) => 2 * R * C * V,
  variants: [
    subgroupTile({ ROWS: 16, VECTORS: 2, UNROLL: true }),
    subgroupTile({ ROWS: 16, VECTORS: 4, UNROLL: true }),
    subgroupTile({ ROWS: 8, VECTORS: 2, UNROLL: false }),
    subgroupTile({ ROWS: 8, VECTORS: 1, UNROLL: false }),
  ],
  tuningClass: ({ R }) => (R < 16 ? "few rows" : ""),
  reference({ h, w, targets, knobs, parts, hits }, consts) {
    const { R, C, V, SLICE, PARTS, TEMPERED, TEMPERATURE, BANNED } = consts;
    const scale = TEMPERED ? 1 / knobs[TEMPERATURE]! : 1;
    const logits = new Float64Array(V);
    for (let r = 0; r < R; r++) {
      for (let v = 0; v < V; v++) {
        let sum = 0;
        for (let c = 0; c < C; c++) sum += h[r * C + c]! * w[v * C + c]!;
        logits[v] = sum;
      }
      hits[r] = logits[Math.min(V - 1, Math.max(0, targets[r]!))]!;
      for (let p = 0; p < PARTS; p++) {
        let [largest, sum, product] = [LOWEST, 0, 0];
        const end = Math.min(V, (p + 1) * SLICE);
        for (let v = p * SLICE; v < end; v++) {
          if (!isBanned(BANNED, v)) largest = Math.max(largest, logits[v]! * scale);
        }
        for (let v = p * SLICE; v < end; v++) {
          if (isBanned(BANNED, v)) continue;
          const shifted = logits[v]! * scale - largest;
          sum += Math.exp(shifted);
          product += Math.exp(shifted) * shifted;
        }
        parts.set([largest, sum, product], 3 * (r * PARTS + p));
      }
    }
  },
};
