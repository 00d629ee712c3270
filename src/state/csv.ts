// The numbers behind a chart as a table, and the table as a CSV file.
import { csvLine } from "../formats/spreadsheet.ts";

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

/** The table as RFC 4180 writes it, with a header line; what was not measured stays empty. */
export function toCsv({ columns, rows }: DataTable): string {
  return [columns.map(heading), ...rows].map(csvLine).join("");
}
