// Tables of the bench: rows of named cells, printed as Markdown.

export type Cell = number | string;
export type Row = Readonly<Record<string, Cell>>;

export interface Table {
  readonly title: string;
  readonly rows: readonly Row[];
  /** what a reader must know, and what was left out and why */
  readonly notes: readonly string[];
}

/** Three significant digits, more for large numbers, none lost before the point. */
export function show(cell: Cell): string {
  if (typeof cell === "string") return cell;
  if (Number.isInteger(cell) || !Number.isFinite(cell)) return String(cell);
  const size = Math.abs(cell);
  if (size >= 100) return cell.toFixed(0);
  if (size >= 10) return cell.toFixed(1);
  if (size >= 1) return cell.toFixed(2);
  return size >= 1e-3 ? cell.toFixed(3) : cell.toExponential(1);
}

/** The table as Markdown with aligned columns; cells that a row lacks are empty. */
export function markdown({ title, rows, notes }: Table): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => names.map((name) => show(row[name] ?? "")));
  const widths = names.map((name, c) =>
    Math.max(3, name.length, ...cells.map((row) => row[c]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, c) => cell.padEnd(widths[c] ?? 0)).join(" | ")} |`;
  const body = [line(names), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)];
  return [
    `### ${title}`,
    "",
    ...(rows.length > 0 ? [...body, ""] : []),
    ...notes.map((note) => `${note}\n`),
  ].join("\n");
}
