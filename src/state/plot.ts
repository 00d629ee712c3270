// The arithmetic of small line charts: which points to draw, and the path through them.

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * At most about 2 × `columns` points that keep every spike: the lowest and highest of each column,
 * in order. Points that are not finite are dropped.
 */
export function decimate(points: readonly Point[], columns: number): Point[] {
  const finite = points.filter(({ y }) => Number.isFinite(y));
  if (finite.length <= 2 * columns) return finite;
  const size = finite.length / columns;
  const kept: Point[] = [];
  for (let c = 0; c < columns; c++) {
    const bin = finite.slice(Math.floor(c * size), Math.floor((c + 1) * size));
    const sorted = bin.toSorted((a, b) => a.y - b.y);
    const ends = [sorted[0], sorted.at(-1)].filter((point) => point !== undefined);
    kept.push(...new Set(ends.toSorted((a, b) => a.x - b.x)));
  }
  return kept;
}

/** An SVG path through points in pixels, one decimal each. */
export function linePath(points: readonly Point[]): string {
  return points
    .map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join("");
}

/** The smallest of 1, 2 and 5 times a power of ten that is at least `size`. */
export function niceStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= size * 0.999) ?? 10;
  return factor * power;
}

/** An axis: its two ends, and where it carries numbers, in order. */
export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/**
 * A vertical axis around these values whose ends are round numbers; two to five ticks by two or three parts.
 * Noise just below zero, as an estimate of a KL has it, does not lower the axis below zero.
 */
export function valueAxis(lowest: number, high: number, parts = 2): Axis {
  const low = lowest < 0 && -lowest < 0.05 * (high - lowest) ? 0 : lowest;
  const flat = !(high - low > 1e-9 * Math.max(1, Math.abs(low)));
  const top = flat ? low + (Math.abs(low) * 0.1 || 1) : high;
  const step = niceStep((top - low) / parts);
  const first = Math.floor(low / step + 1e-6);
  const last = Math.ceil(top / step - 1e-6);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  return { low: first * step, high: last * step, ticks };
}

/** A horizontal axis of whole numbers from `low` to `high`, with at most `room` + 1 ticks. */
export function countAxis(low: number, high: number, room: number): Axis {
  const step = Math.max(1, niceStep((high - low) / Math.max(1, room)));
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return { low, high, ticks: Array.from({ length: count }, (_, i) => (first + i) * step) };
}

/** A tick as it is written: with the decimals that tell neighbours apart, and a true minus sign. */
export function tickLabel(value: number, { ticks }: Axis): string {
  const step = Math.abs((ticks[1] ?? 1) - (ticks[0] ?? 0)) || 1;
  const digits = Math.min(6, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}
