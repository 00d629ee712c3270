// All importers, in the order in which they are tried: the more telling the keys, the earlier.
import { ARENA } from "./import-arena.ts";
import { ITEMS } from "./import-items.ts";
import { OWN } from "./import-own.ts";
import { PEOPLE } from "./import-people.ts";
import { RESEARCH } from "./import-research.ts";
import { TOOLS } from "./import-tools.ts";
import { TRL, TRL_LAST } from "./import-trl.ts";
import type { Importer } from "./importer.ts";

export const IMPORTERS: readonly Importer[] = [
  ...OWN,
  ...PEOPLE,
  ...RESEARCH,
  ...ARENA,
  ...TOOLS,
  ...TRL,
  ITEMS,
  ...TRL_LAST,
];
