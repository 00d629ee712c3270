// The numbers behind a chart as a table, and the table as a CSV file.

/** One column of a chart's data. */
export interface Column {
  readonly name: string;
  /** e.g. "nats per answer"; none for words and counts */
  readonly unit?: string;
}

/** What a chart draws, for a table and for a file: one value for each column in every row. */
export interface DataTable {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (number | string)[])[];
}

/** The column's name with its unit: "objective/kl (nats per answer)". */
export function heading({ name, unit }: Column): string {
  return unit === undefined ? name : `${name} (${unit})`;
}

function cell(value: number | string): string {
  // What was not measured stays empty; spreadsheets read "NaN" as a word.
  const text = typeof value === "string" ? value : Number.isFinite(value) ? String(value) : "";
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The table as RFC 4180 writes it: a header line, CRLF line ends, quotes only where needed. */
export function toCsv({ columns, rows }: DataTable): string {
  return [columns.map(heading), ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}
