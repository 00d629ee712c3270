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

/** A tile of ROWS rows and 4 VECTORS columns per lane, for subgroups of a fixed size. */
function subgroupTile(
  ROWS: number,
  VECTORS: number,
  wantedLanes: number,
  UNROLL: boolean,
): Variant<MatmulConsts>[] {
  const lanes = ({ subgroup = 0 }: AdapterTraits): number => Math.max(wantedLanes, subgroup);
  const grid = (
    { M, N, BATCH }: MatmulConsts,
    adapter: AdapterTraits,
  ): [number, number, number] => [
    Math.ceil(N / (4 * VECTORS * lanes(adapter))),
    Math.ceil(M / ROWS),
    BATCH,
  ];
  const fits = (consts: MatmulConsts, adapter: AdapterTraits): boolean => {
    const { subgroup } = adapter;
    return (
      subgroup !== undefined &&
      subgroup >= 4 &&
      // written out, more steps of k than this take compilers too long
      (!UNROLL || subgroup <= 4) &&
      consts.K % subgroup === 0 &&
      lanes(adapter) % subgroup === 0 &&
      lanes(adapter) <= adapter.workgroupLanes &&
      groupsFit(...grid(consts, adapter))
    );
  };
  const consts = (c: MatmulConsts, adapter: AdapterTraits): Consts => ({
    ...c,
    SUBGROUP: adapter.subgroup ?? 0,
    LANES: lanes(adapter),
    ROWS,
    VECTORS,
    UNROLL,
  });
  const title = `${String(ROWS)}x${String(VECTORS)}${UNROLL ? " unrolled" : ""}`;
  return [
    {
      title: `matmul_subgroup ${title}`,
      shader: "matmul_subgroup",
      applies: (c, adapter) => !c.TB && c.N % 4 === 0 && fits(c, adapter),
      consts,
      grid,
    },
    {
      title: `matmul_subgroup_nt ${title}`,
      shader: "matmul_subgroup_nt",
      applies: (c, adapter) => c.TB && c.K % 4 === 0 && fits(c, adapter),
      consts,
      grid,
    },
  ];
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
  ...subgroupTile(16, 2, 16, true),
  ...subgroupTile(8, 2, 16, false),
  ...subgroupTile(8, 1, 16, false),
  ...subgroupTile(16, 1, 16, false),
  ...subgroupTile(4, 1, 8, false),
  workgroupTile,
];
