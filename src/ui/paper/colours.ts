// Colours of a figure's series: seven for ours, one for all of the paper's, which are hollow or dashed as well.
import type { FigureSeries } from "../../reproduce/results.ts";

const OURS = 7;

/**
 * The colour of series number `s`. A series of the paper whose name begins as one of ours does shares its
 * colour, since the two are to be compared; hollow and dashed tell them apart.
 */
export function colourOf(series: readonly FigureSeries[], s: number): string {
  const ours = series.filter(({ source }) => source === "ours");
  const one = series[s];
  const at = ours.findIndex(({ name }) => one === undefined || one.name.startsWith(name));
  const own = ours.findIndex((other) => other === one);
  if (own >= 0) return `var(--series-${(own % OURS) + 1})`;
  return at < 0 ? "var(--ink-3)" : `var(--series-${(at % OURS) + 1})`;
}
