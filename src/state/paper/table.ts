// Tables of the results by the filter of models: rows and columns that are named by a model or a size.
import type { ModelRow, ResultTable } from "../../reproduce/results.ts";

/** The size that a title such as "Benchmark suite, micro" or "..., micro, %" names, or "". */
export function sizeOfTitle(title: string, models: readonly ModelRow[]): string {
  const parts = title.split(", ").map((part) => part.split(" ")[0] ?? "");
  return models.find(({ size }) => parts.slice(1).includes(size))?.size ?? "";
}

/**
 * The rows, and the columns after the first, whose models pass. A name is a model's when it is "size kind", a size's
 * when it is "size" or begins "size: "; a kind alone is of the size that the title names. What names none of them stays.
 */
export function shownTable(
  table: ResultTable,
  models: readonly ModelRow[],
  { kind, size }: { kind: string; size: string },
): ResultTable {
  if (kind === "" && size === "") return table;
  const sizes = new Set(models.map((model) => model.size));
  const named = new Map(models.map((model) => [`${model.size} ${model.kind}`, model]));
  const own = sizeOfTitle(table.title, models);
  for (const model of models) if (model.size === own) named.set(model.kind, model);
  const passes = (name: string): boolean => {
    const model = named.get(name);
    const at = model?.size ?? name.split(": ")[0] ?? "";
    if (size !== "" && sizes.has(at) && at !== size) return false;
    return kind === "" || model === undefined || model.kind === kind;
  };
  const kept = table.columns.map((name, c) => c === 0 || passes(name));
  const ofModels = table.columns.map((name) => named.has(name));
  // a table of models of which none is left
  if (ofModels.includes(true) && !ofModels.some((is, c) => is && kept[c]))
    return { ...table, rows: [] };
  return {
    ...table,
    columns: table.columns.filter((_, c) => kept[c]),
    rows: table.rows
      .filter(([first = ""]) => passes(first))
      .map((row) => row.filter((_, c) => kept[c])),
  };
}
