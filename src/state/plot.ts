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
