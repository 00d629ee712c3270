// Numbers as the report prints them.
import type { Measured } from "./results.ts";

export const NOTHING = "not measured";

/** "61.3 [57.0, 65.1]": a share in percent with its interval. */
export function percent(one: Measured | undefined): string {
  if (one === undefined || !Number.isFinite(one.value)) return NOTHING;
  const digits = (value: number): string => (100 * value).toFixed(1);
  return `${digits(one.value)} [${digits(one.low)}, ${digits(one.high)}]`;
}

/** "61.3 ± 4.1": the same with half of its interval, where many stand side by side. */
export function percentAndHalf({ value, low, high }: Measured): string {
  if (!Number.isFinite(value)) return "–";
  return `${(100 * value).toFixed(1)} ± ${(50 * (high - low)).toFixed(1)}`;
}

/** "5.31 [5.18, 5.44]". */
export function plain(one: Measured | undefined, digits = 2): string {
  if (one === undefined || !Number.isFinite(one.value)) return NOTHING;
  const text = (value: number): string => value.toFixed(digits);
  return `${text(one.value)} [${text(one.low)}, ${text(one.high)}]`;
}

export function number(value: number | undefined, digits = 2): string {
  if (value === undefined || !Number.isFinite(value)) return NOTHING;
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

/** A value of the paper, as a share in percent or as it is; a dash where the paper has none. */
export function ofPaper(value: number | undefined, scale = 100, digits = 1): string {
  return value === undefined ? "–" : (scale * value).toFixed(digits);
}

/** "85 ± 3". */
export function pair([value, half]: readonly [number, number]): string {
  return `${value} ± ${half}`;
}
