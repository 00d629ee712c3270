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

/** Outer products of a row of A and a column of B, read in vectors: `columns` of a lane are 4. */
function outerTile(ROWS: number, lanes: number): Variant<MatmulConsts> {
  const tile = { ROWS, columns: 4, lanes, UNROLL: false };
  return subgroupVariant(
    "matmul_outer",
    tile,
    { REST: 4 * ROWS - 16 },
    ({ M, N, K, TA, TB }, subgroup) =>
      ROWS % subgroup === 0 &&
      ROWS <= 4 * subgroup &&
      K % 4 === 0 &&
      (TA ? M : 4) % 4 === 0 &&
      (TB ? 4 : N) % 4 === 0,
  );
}

/** Steps of k whose vectors of A fill the private memory that WGSL promises: 8,192 bytes. */
const MOST_KEPT = 512;

/** Steps of k that are kept at a time: equal parts. */
const keptOf = (K: number): number => K / Math.ceil(K / MOST_KEPT);

/** Multiply-adds from which keeping A gains more than its seconds of compiling cost a tuner. */
const WORTH_KEEPING = 2 ** 25;
/** Workgroups that are enough to keep the cores of a CPU busy. */
const BUSY = 32;
const MOST_TILES = 16;

/**
 * The same sums with A's rows kept in private memory for many tiles of columns, on adapters whose subgroups have
 * SUBGROUP lanes. Longer sums are put together in C, where halves round once more for each 512 steps.
 */
function keptTile(SUBGROUP: number): Variant<MatmulConsts> {
  const ROWS = 4 * SUBGROUP;
  const tilesOf = ({ M, N, BATCH }: MatmulConsts): number => {
    const tiles = Math.ceil(N / (4 * SUBGROUP)) * Math.ceil(M / ROWS) * BATCH;
    return Math.min(Math.ceil(tiles / BUSY), MOST_TILES);
  };
  const grid = (consts: MatmulConsts): [number, number, number] => [
    Math.ceil(consts.N / (4 * SUBGROUP * tilesOf(consts))),
    Math.ceil(consts.M / ROWS),
    consts.BATCH,
  ];
  return {
    title: `matmul_kept ${String(ROWS)}x4`,
    shader: "matmul_kept",
    only: "software",
    worthTrying: ({ BATCH, M, N, K }) => BATCH * M * N * K >= WORTH_KEEPING,
    applies: (consts, { subgroup }) => {
      const { M, N, K, TA, TB, ACCUMULATE, GELU_BACKWARD } = consts;
      return (
        subgroup === SUBGROUP &&
        keptOf(K) % 4 === 0 &&
        (TA ? M : 4) % 4 === 0 &&
        (TB ? 4 : N) % 4 === 0 &&
        // a part of the sum cannot be multiplied before it is added
        (K <= MOST_KEPT || !(ACCUMULATE && GELU_BACKWARD)) &&
        groupsFit(...grid(consts))
      );
    },
    consts: (consts) => ({
      ...consts,
      SUBGROUP,
      ROWS,
      REST: 4 * ROWS - 16,
      KEPT: keptOf(consts.K),
      TILES: tilesOf(consts),
      STEPS: consts.TB ? 4 : 2,
    }),
    grid,
  };
}

/** A tile in workgroup memory, and the invocations that share it. */
interface Shared {
  /** rows and columns of an invocation, multiples of 4 */
  readonly ROWS: number;
  readonly COLUMNS: number;
  /** invocations of a team from top to bottom and from left to right */
  readonly DOWN: number;
  readonly ACROSS: number;
  /** teams that share the steps of k; small products need them to fill a GPU */
  readonly SPLIT: number;
  /** steps of k of a team between two loads */
  readonly STEPS: number;
}

/** Tiles in workgroup memory: what real GPUs like and software adapters are slow at. */
function workgroupTile(shape: Shared): Variant<MatmulConsts> {
  const { ROWS, COLUMNS, DOWN, ACROSS, SPLIT, STEPS } = shape;
  const [tall, wide] = [DOWN * ROWS, ACROSS * COLUMNS];
  const team = DOWN * ACROSS;
  const held = SPLIT > 1 ? team * (ROWS + 1) * COLUMNS : 4;
  const bytes = 4 * (STEPS * SPLIT * (tall + wide + 8) + held);
  const grid = ({ M, N, BATCH }: MatmulConsts): [number, number, number] => [
    Math.ceil(N / wide),
    Math.ceil(M / tall),
    BATCH,
  ];
  return {
    title: `matmul_tiles ${String(tall)}x${String(wide)}${SPLIT > 1 ? ` in ${String(SPLIT)}` : ""}${tall === 64 && ROWS > 4 ? " 8x8" : ""}`,
    shader: "matmul_tiles",
    only: "hardware",
    applies: (c, adapter) =>
      adapter.workgroupLanes >= team * SPLIT &&
      adapter.workgroupBytes >= bytes &&
      // a tile that is mostly empty cannot win
      2 * c.M >= tall &&
      2 * c.N >= wide &&
      c.K >= SPLIT * STEPS &&
      groupsFit(...grid(c)),
    consts: (c) => ({ ...c, ...shape }),
    grid,
  };
}

export const matmulVariants: readonly Variant<MatmulConsts>[] = [
  ...vectorTiles(16, 2, 16, true),
  ...vectorTiles(16, 4, 4, true),
  columnTile(32, 8, 4, true),
  ...vectorTiles(8, 2, 16, false),
  ...vectorTiles(8, 1, 16, false),
  ...vectorTiles(16, 1, 16, false),
  ...vectorTiles(4, 1, 8, false),
  columnTile(8, 2, 32, false),
  outerTile(32, 8),
  keptTile(8),
  ...[
    { ROWS: 4, COLUMNS: 4, DOWN: 1, ACROSS: 8, SPLIT: 32, STEPS: 2 },
    { ROWS: 4, COLUMNS: 4, DOWN: 4, ACROSS: 8, SPLIT: 8, STEPS: 4 },
    { ROWS: 4, COLUMNS: 4, DOWN: 8, ACROSS: 8, SPLIT: 4, STEPS: 8 },
    { ROWS: 4, COLUMNS: 4, DOWN: 8, ACROSS: 8, SPLIT: 1, STEPS: 16 },
    { ROWS: 4, COLUMNS: 4, DOWN: 16, ACROSS: 16, SPLIT: 1, STEPS: 16 },
    { ROWS: 8, COLUMNS: 8, DOWN: 8, ACROSS: 8, SPLIT: 1, STEPS: 16 },
    { ROWS: 8, COLUMNS: 8, DOWN: 16, ACROSS: 16, SPLIT: 1, STEPS: 8 },
  ].map(workgroupTile),
];
