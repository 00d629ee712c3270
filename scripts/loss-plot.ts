// Loss curves as a small SVG: one panel per curve, readable on light and dark pages.

export interface Curve {
  readonly title: string;
  /** [step, loss] */
  readonly points: readonly (readonly [number, number])[];
}

const [WIDTH, HEIGHT] = [640, 220];
const [LEFT, RIGHT, TOP, BOTTOM] = [40, 12, 30, 28];
const TICKS = 4;
const STYLE =
  "text{font:12px system-ui,sans-serif;fill:#444}path{fill:none;stroke:#2b6cb0;stroke-width:1.5}" +
  "line{stroke:#8884}@media(prefers-color-scheme:dark){text{fill:#ccc}path{stroke:#7fb2f0}}";

/** A round number of at least `value`. */
function roundUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 5, 8, 10].find((factor) => factor * unit >= value) ?? 10) * unit;
}

function panel({ title, points }: Curve, left: number, width: number): string {
  const last = points.at(-1)?.[0] ?? 1;
  const most = roundUp(Math.max(...points.map(([, loss]) => loss)));
  const [x0, x1] = [left + LEFT, left + width - RIGHT];
  const x = (step: number): number => x0 + ((x1 - x0) * step) / last;
  const y = (loss: number): number => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * loss) / most;
  const path = points
    .map(([step, loss], i) => `${i === 0 ? "M" : "L"}${x(step).toFixed(1)} ${y(loss).toFixed(1)}`)
    .join("");
  const rows = Array.from({ length: TICKS + 1 }, (_, i) => (most * i) / TICKS).map(
    (loss) =>
      `<line x1="${x0}" x2="${x1}" y1="${y(loss)}" y2="${y(loss)}"/>` +
      `<text x="${x0 - 6}" y="${y(loss) + 4}" text-anchor="end">${Number(loss.toFixed(2))}</text>`,
  );
  // the last number ends where its panel does, so that it is not cut off
  const columns = [0, last / 2, last].map((step) => {
    const anchor = step === last ? "end" : "middle";
    return `<text x="${x(step)}" y="${HEIGHT - 8}" text-anchor="${anchor}">${Math.round(step)}</text>`;
  });
  return [
    `<text x="${x0}" y="16">${title}</text>`,
    ...rows,
    ...columns,
    `<path d="${path}"/>`,
  ].join("\n");
}

/** Panels side by side; the label says in words what they show. */
export function lossPlot(curves: readonly Curve[], label: string): string {
  const width = WIDTH / curves.length;
  const panels = curves.map((curve, i) => panel(curve, i * width, width));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">`,
    `<style>${STYLE}</style>`,
    ...panels,
    "</svg>\n",
  ].join("\n");
}
