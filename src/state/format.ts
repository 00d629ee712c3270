// Numbers and times as the page writes them.

/** A reward or other signed number: "+1.3", "−0.6", "0.0" (a true minus sign, one decimal). */
export function signed(value: number, digits = 1): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? "−" : "+"}${text}`;
}

/** A number with about three figures: "0.03", "1.25", "12.5", "0.0003" as "3e-4". */
export function compact(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 0.001) return value.toExponential(1).replace(".0e", "e");
  return String(Number(value.toPrecision(size >= 100 ? 4 : 3)));
}

/** A time: "12.6 ms", and below a tenth of one "80.5 µs". */
export function duration(milliseconds: number): string {
  if (milliseconds > 0 && milliseconds < 0.1) return `${compact(1000 * milliseconds)} µs`;
  return `${compact(milliseconds)} ms`;
}

/** A size: "0 KiB", "812 KiB", "1.5 MiB". */
export function bytes(size: number): string {
  const kib = size / 1024;
  if (kib < 1000) return `${Math.round(kib)} KiB`;
  const mib = kib / 1024;
  return mib < 1000 ? `${compact(mib)} MiB` : `${compact(mib / 1024)} GiB`;
}

/** Remaining time: "≈ 24 s left", "≈ 3 min left". */
export function remaining(seconds: number): string {
  if (seconds < 1) return "almost done";
  if (seconds < 90) return `≈ ${Math.round(seconds)} s left`;
  return `≈ ${Math.round(seconds / 60)} min left`;
}

/** "1 ranking", "2 rankings". */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** The sentence of whatever was thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
