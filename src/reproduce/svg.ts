// Plots as self-contained SVG that is readable on light and dark pages.
import type { Figure, FigurePoint, FigureSeries } from "./results.ts";

const WIDTH = 760;
const HEIGHT = 360;
const PLOT = { left: 64, right: 16, top: 44, bottom: 96 } as const;
/** Colours that keep a contrast of 3 on white and on near-black; the paper's values are hollow. */
const COLOURS = [
  "#3b7dd8",
  "#c4570c",
  "#2f9154",
  "#9a5fc9",
  "#c43d6b",
  "#7a7f1a",
  "#128a91",
  "#7d7d7d",
];
const STYLE = `text{font:12px system-ui,sans-serif;fill:#24292f}.t{font-size:14px;font-weight:600}.a{stroke:#8b949e;fill:none}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}}`;

const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
const n = (value: number): string => value.toFixed(1);

/** Numbers that a scale shows: about five, round. */
export function ticks(low: number, high: number): number[] {
  const rough = (high - low) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(6)),
  );
}

interface Scales {
  readonly x: (value: string | number) => number;
  readonly y: (value: number) => number;
  readonly categories: readonly string[];
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
}

function scalesOf({ series, kind }: Figure): Scales {
  const points = series.flatMap((one) => one.points);
  const values = points
    .flatMap(({ y, low, high }) => [y, low, high])
    .filter((one) => one !== undefined);
  const named = points.some(({ x }) => typeof x === "string");
  const categories = named ? [...new Set(points.map(({ x }) => String(x)))] : [];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const bottom = kind === "bars" || least >= 0 ? Math.min(0, least) : least;
  const top = most === bottom ? bottom + 1 : most;
  const inner = { w: WIDTH - PLOT.left - PLOT.right, h: HEIGHT - PLOT.top - PLOT.bottom };
  const y = (value: number): number => PLOT.top + inner.h * (1 - (value - bottom) / (top - bottom));
  const numbers = points.flatMap(({ x }) => (typeof x === "number" ? [x] : []));
  const [first, last] = [Math.min(...numbers), Math.max(...numbers)];
  const x = (value: string | number): number =>
    typeof value === "string"
      ? PLOT.left + (inner.w * (categories.indexOf(value) + 0.5)) / Math.max(1, categories.length)
      : PLOT.left + (inner.w * (value - first)) / (last - first || 1);
  return { x, y, categories, xTicks: named ? [] : ticks(first, last), yTicks: ticks(bottom, top) };
}

function axes(figure: Figure, { x, y, categories, xTicks, yTicks }: Scales): string[] {
  const [left, right, base] = [PLOT.left, WIDTH - PLOT.right, HEIGHT - PLOT.bottom];
  const lines = yTicks.flatMap((value) => [
    `<path class="a" stroke-opacity=".35" d="M${left} ${n(y(value))}H${right}"/>`,
    `<text x="${left - 6}" y="${n(y(value) + 4)}" text-anchor="end">${value}</text>`,
  ]);
  const below = (at: number, text: string): string =>
    `<text x="${n(at)}" y="${base + 18}" text-anchor="middle">${escaped(text)}</text>`;
  return [
    `<text class="t" x="${left}" y="20">${escaped(figure.title)}</text>`,
    `<text x="${left}" y="36">${escaped(figure.y)}</text>`,
    ...lines,
    ...categories.map((name) => below(x(name), name)),
    ...xTicks.map((value) => below(x(value), String(value))),
    `<text x="${n((left + right) / 2)}" y="${base + 36}" text-anchor="middle">${escaped(figure.x)}</text>`,
    `<path class="a" d="M${left} ${PLOT.top}V${base}H${right}"/>`,
  ];
}

function whisker(at: number, { low, high }: FigurePoint, y: Scales["y"], colour: string): string {
  if (low === undefined || high === undefined || low === high) return "";
  return `<path d="M${n(at)} ${n(y(low))}V${n(y(high))}" stroke="${colour}" stroke-width="2" stroke-opacity=".7"/>`;
}

function lineSeries(one: FigureSeries, scales: Scales, colour: string, offset: number): string[] {
  const shown = one.points.flatMap((point) =>
    point.y === undefined ? [] : [{ ...point, y: point.y }],
  );
  const placed = shown.map((point) => ({
    point,
    at: scales.x(point.x) + (typeof point.x === "string" ? offset : 0),
  }));
  const path = placed
    .map(({ point, at }, i) => `${i === 0 ? "M" : "L"}${n(at)} ${n(scales.y(point.y))}`)
    .join("");
  const paper = one.source === "paper";
  return [
    `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"${paper ? ' stroke-dasharray="4 4"' : ""}/>`,
    ...placed.flatMap(({ point, at }) => [
      whisker(at, point, scales.y, colour),
      `<circle cx="${n(at)}" cy="${n(scales.y(point.y))}" r="4" fill="${paper ? "none" : colour}" stroke="${colour}"/>`,
    ]),
  ];
}

function barSeries(
  one: FigureSeries,
  scales: Scales,
  colour: string,
  place: { at: number; of: number },
): string[] {
  const room = (WIDTH - PLOT.left - PLOT.right) / Math.max(1, scales.categories.length);
  const width = Math.min(36, (0.86 * room) / place.of);
  const paper = one.source === "paper";
  return one.points.flatMap((point) => {
    if (point.y === undefined) return [];
    const at = scales.x(String(point.x)) + (place.at - place.of / 2 + 0.5) * width;
    const [top, base] = [scales.y(Math.max(0, point.y)), scales.y(Math.min(0, point.y))];
    const look = paper
      ? `fill="none" stroke="${colour}" stroke-dasharray="3 2"`
      : `fill="${colour}" fill-opacity=".8"`;
    return [
      `<rect x="${n(at - width / 2 + 1)}" y="${n(top)}" width="${n(width - 2)}" height="${n(Math.max(0.5, base - top))}" ${look}/>`,
      whisker(at, point, scales.y, colour),
    ];
  });
}

function legend(series: readonly FigureSeries[], colours: readonly string[]): string[] {
  const columns = 3;
  return series.flatMap(({ name, source }, i) => {
    const [x, y] = [PLOT.left + (i % columns) * 228, HEIGHT - 44 + 16 * Math.floor(i / columns)];
    const look =
      source === "paper"
        ? `fill="none" stroke="${colours[i] ?? ""}"`
        : `fill="${colours[i] ?? ""}"`;
    return [
      `<rect x="${x}" y="${y - 9}" width="10" height="10" ${look}/>`,
      `<text x="${x + 15}" y="${y}">${escaped(name)}</text>`,
    ];
  });
}

/** Colours by series: a series of the paper has that of ours whose name it begins with. */
function coloursOf(series: readonly FigureSeries[]): string[] {
  const ours = series.filter(({ source }) => source === "ours");
  return series.map(({ name, source }, i) => {
    const own =
      source === "ours"
        ? ours.findIndex((one) => one.name === name)
        : ours.findIndex((one) => name.startsWith(`${one.name},`));
    return COLOURS[(own < 0 ? i : own) % COLOURS.length] ?? "#7d7d7d";
  });
}

/** One figure as an SVG document. */
export function svgOf(figure: Figure): string {
  const series = figure.series.filter(({ points }) => points.some(({ y }) => y !== undefined));
  const scales = scalesOf({ ...figure, series });
  const colours = coloursOf(series);
  const marks = series.flatMap((one, i) => {
    const colour = colours[i] ?? "#7d7d7d";
    if (figure.kind === "bars") return barSeries(one, scales, colour, { at: i, of: series.length });
    return lineSeries(one, scales, colour, 6 * (i - (series.length - 1) / 2));
  });
  const rows = Math.ceil(series.length / 3);
  const height = HEIGHT + Math.max(0, rows - 3) * 16;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(figure.title)}">`,
    `<style>${STYLE}</style>`,
    ...axes(figure, scales),
    ...marks,
    ...legend(series, colours),
    "</svg>\n",
  ].join("\n");
}
