// Tables of the results by the filter of models: rows and columns that are named by a model or a size.
import type { ModelRow, ResultTable } from "../../reproduce/results.ts";

/**
 * The rows, and the columns after the first, whose models pass. A name is a model's when it is "size kind", a size's
 * when it is "size" or begins "size: "; what names neither stays.
 */
export function shownTable(
  table: ResultTable,
  models: readonly ModelRow[],
  { kind, size }: { kind: string; size: string },
): ResultTable {
  if (kind === "" && size === "") return table;
  const sizes = new Set(models.map((model) => model.size));
  const named = new Map(models.map((model) => [`${model.size} ${model.kind}`, model]));
  const passes = (name: string): boolean => {
    const model = named.get(name);
    const own = model?.size ?? name.split(": ")[0] ?? "";
    if (size !== "" && sizes.has(own) && own !== size) return false;
    return kind === "" || model === undefined || model.kind === kind;
  };
  const kept = table.columns.map((name, c) => c === 0 || passes(name));
  return {
    ...table,
    columns: table.columns.filter((_, c) => kept[c]),
    rows: table.rows
      .filter(([first = ""]) => passes(first))
      .map((row) => row.filter((_, c) => kept[c])),
  };
}
