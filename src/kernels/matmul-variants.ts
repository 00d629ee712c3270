// Faster ways to compute a matrix product, for the tuner to choose from: tiles per subgroup and per workgroup.
import type { AdapterTraits, Consts, Variant } from "../plan/kernel.ts";

export interface MatmulConsts extends Consts {
  readonly BATCH: number;
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly TA: boolean;
  readonly TB: boolean;
  readonly BIAS: boolean;
  readonly RESIDUAL: boolean;
  readonly GELU: boolean;
  readonly GELU_BACKWARD: boolean;
  readonly ACCUMULATE: boolean;
  readonly SUMS: boolean;
  readonly ACCUMULATE_SUMS: boolean;
}

const MAX_GROUPS = 65535;
const WORKGROUP_TILE = 64;

const groupsFit = (...groups: number[]): boolean => groups.every((count) => count <= MAX_GROUPS);

interface Tile {
  readonly ROWS: number;
  readonly columns: number;
  /** invocations of a workgroup, or one subgroup if that is more */
  readonly lanes: number;
  readonly UNROLL: boolean;
}

/** What the tiles per subgroup share: `own` are the constants that only this shader has. */
function subgroupVariant(
  shader: string,
  { ROWS, columns, lanes, UNROLL }: Tile,
  own: Consts,
  applies: (consts: MatmulConsts, subgroup: number) => boolean,
): Variant<MatmulConsts> {
  const lanesOn = ({ subgroup = 0 }: AdapterTraits): number => Math.max(lanes, subgroup);
  const grid = (
    { M, N, BATCH }: MatmulConsts,
    adapter: AdapterTraits,
  ): [number, number, number] => [
    Math.ceil(N / (columns * lanesOn(adapter))),
    Math.ceil(M / ROWS),
    BATCH,
  ];
  return {
    title: `${shader} ${String(ROWS)}x${String(columns)}${UNROLL ? " unrolled" : ""}`,
    shader,
    applies(consts, adapter) {
      const { subgroup = 0, workgroupLanes } = adapter;
      const LANES = lanesOn(adapter);
      return (
        subgroup >= 4 &&
        // written out, more steps of k than this take compilers too long
        (!UNROLL || subgroup <= 4) &&
        LANES % subgroup === 0 &&
        LANES <= workgroupLanes &&
        groupsFit(...grid(consts, adapter)) &&
        applies(consts, subgroup)
      );
    },
    consts: (consts, adapter) => ({
      ...consts,
      ...own,
      SUBGROUP: adapter.subgroup ?? 0,
      LANES: lanesOn(adapter),
      ROWS,
      UNROLL,
    }),
    grid,
  };
}

/** Vectors of 4 columns, or with B transposed of 4 steps of k. */
function vectorTiles(
  ROWS: number,
  VECTORS: number,
  lanes: number,
  UNROLL: boolean,
): Variant<MatmulConsts>[] {
  const tile = { ROWS, columns: 4 * VECTORS, lanes, UNROLL };
  const own = { VECTORS };
  return [
    subgroupVariant("matmul_subgroup", tile, own, ({ TB, N }) => !TB && N % 4 === 0),
    subgroupVariant(
      "matmul_subgroup_nt",
      tile,
      own,
      ({ TB, K }, subgroup) => TB && K % 4 === 0 && K % subgroup === 0,
    ),
  ];
}

/** Single columns: for every transposition and size. */
function columnTile(
  ROWS: number,
  COLUMNS: number,
  lanes: number,
  UNROLL: boolean,
): Variant<MatmulConsts> {
  const tile = { ROWS, columns: COLUMNS, lanes, UNROLL };
  return subgroupVariant("matmul_lanes", tile, { COLUMNS }, ({ K }, subgroup) => K >= subgroup);
}

/** 64 x 64 tiles in workgroup memory: what real GPUs like and software adapters are slow at. */
const workgroupTile: Variant<MatmulConsts> = {
  title: "matmul_workgroup 64x64",
  shader: "matmul_workgroup",
  applies: (c, adapter) =>
    adapter.workgroupLanes >= 256 &&
    adapter.workgroupBytes >= 8192 &&
    c.M >= 16 &&
    c.N >= 16 &&
    groupsFit(Math.ceil(c.M / WORKGROUP_TILE), c.BATCH),
  consts: (c) => c,
  grid: ({ M, N, BATCH }) => [Math.ceil(N / WORKGROUP_TILE), Math.ceil(M / WORKGROUP_TILE), BATCH],
};

export const matmulVariants: readonly Variant<MatmulConsts>[] = [
  ...vectorTiles(16, 2, 16, true),
  ...vectorTiles(16, 4, 4, true),
  columnTile(32, 8, 4, true),
  ...vectorTiles(8, 2, 16, false),
  ...vectorTiles(8, 1, 16, false),
  ...vectorTiles(16, 1, 16, false),
  ...vectorTiles(4, 1, 8, false),
  columnTile(8, 2, 32, false),
  workgroupTile,
];
