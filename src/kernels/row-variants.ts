// Faster ways to go over rows, for the tuner to choose from: vector loads, and a subgroup per row.
import { row } from "../plan/kernel.ts";
import type { Consts, Grid, Variant } from "../plan/kernel.ts";

/** Vectors of a row that a lane keeps in registers; more would not stay there. */
const MOST_VECTORS = 16;
const LANES = 64;

/** The same with vectors of four neighbouring columns, in a file named `<kernel>_vec4`. */
export function vectorVariant<C extends Consts>(
  kernel: string,
  applies: (consts: C) => boolean,
  grid: (consts: C) => Grid,
): Variant<C> {
  const shader = `${kernel}_vec4`;
  return { title: shader, shader, applies, consts: (consts) => consts, grid };
}

/** A subgroup per row and `lanes` invocations per workgroup, in a file named `<kernel>_subgroup`. */
function subgroupVariant<C extends Consts & { readonly R: number; readonly C: number }>(
  kernel: string,
  lanes: number,
): Variant<C> {
  const shader = `${kernel}_subgroup`;
  const rows = (subgroup: number): number => Math.max(1, Math.floor(lanes / subgroup));
  const vectors = ({ C }: C, subgroup: number): number => Math.ceil(C / 4 / subgroup);
  return {
    title: `${shader} ${String(lanes)}`,
    shader,
    applies: (consts, { subgroup = 0, workgroupLanes }) =>
      subgroup >= 4 &&
      consts.C % 4 === 0 &&
      vectors(consts, subgroup) <= MOST_VECTORS &&
      rows(subgroup) * subgroup <= workgroupLanes,
    consts: (consts, { subgroup = 0 }) => ({
      ...consts,
      SUBGROUP: subgroup,
      ROWS: rows(subgroup),
      VECTORS: vectors(consts, subgroup),
    }),
    grid: ({ R }, { subgroup = 1 }) => row(Math.ceil(R / rows(subgroup))),
  };
}

/** Variants of a kernel over rows of C columns: a thread with vectors per row, one or several subgroups with a row each. */
export function rowVariants<C extends Consts & { readonly R: number; readonly C: number }>(
  kernel: string,
): readonly Variant<C>[] {
  return [
    vectorVariant<C>(
      kernel,
      ({ C }) => C % 4 === 0,
      ({ R }) => row(Math.ceil(R / LANES)),
    ),
    // 1: a workgroup is a single subgroup
    subgroupVariant<C>(kernel, 1),
    subgroupVariant<C>(kernel, LANES),
  ];
}
