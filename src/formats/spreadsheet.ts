// CSV that a spreadsheet may open: no cell of it can be taken for a formula, and it reads back unchanged.

/** What spreadsheets take for the beginning of a formula (OWASP, CSV injection), behind guards or not. */
const FORMULA = /^'*[=+\-@\t\r]/;
const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/** Columns that only our own exports have; a file with all of them has guarded cells. */
export const OWN_COLUMNS = ["rating", "labels", "task", "split", "seed"] as const;

/** A text that no spreadsheet runs: one apostrophe stands before what would begin a formula. */
export function guarded(text: string): string {
  return FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
}

/** The text that was guarded. */
export function unguarded(text: string): string {
  return text.startsWith("'") && FORMULA.test(text) ? text.slice(1) : text;
}

function cell(value: string | number): string {
  const text =
    typeof value === "string" ? guarded(value) : Number.isFinite(value) ? String(value) : "";
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One record: quotes only where needed, CRLF at its end (RFC 4180). What is not finite stays empty. */
export function csvLine(cells: readonly (string | number)[]): string {
  return `${cells.map(cell).join(",")}\r\n`;
}
