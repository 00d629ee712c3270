// The arithmetic of the paper's figures: which points are shown, their axis, their words, their numbers as a table.
import { sizeOfTitle } from "./table.ts";
import type {
  Figure,
  FigurePoint,
  FigureSeries,
  ModelRow,
  Results,
} from "../../reproduce/results.ts";
import type { DataTable } from "../csv.ts";
import { compact, count } from "../format.ts";
import { niceStep, tickLabel, valueAxis } from "../plot.ts";
import type { Axis } from "../plot.ts";

/**
 * The points whose models pass. Those of the paper, and ours that name no models, pass unless they stand at a kind, or
 * in a series of a kind, that is not asked for.
 */
export function shownFigure(
  figure: Figure,
  models: readonly ModelRow[],
  { kind, size }: { kind: string; size: string },
): Figure {
  if (kind === "" && size === "") return figure;
  const passing = new Set(
    models
      .filter(
        (model) => (kind === "" || model.kind === kind) && (size === "" || model.size === size),
      ) // prettier-ignore
      .map(({ id }) => id),
  );
  const kinds = new Set(models.map((model) => model.kind));
  const own = sizeOfTitle(figure.title, models);
  const other = (word: string | number): boolean => {
    const named = String(word).toLowerCase();
    if (!kinds.has(named)) return false;
    return (kind !== "" && named !== kind) || (size !== "" && own !== "" && own !== size);
  };
  const keeps = ({ models: behind, x }: FigurePoint, series: string): boolean =>
    behind === undefined || behind.length === 0
      ? !other(x) && !other(series)
      : behind.some((id) => passing.has(id));
  return {
    ...figure,
    series: figure.series
      .map((one) => ({ ...one, points: one.points.filter((point) => keeps(point, one.name)) }))
      .filter(({ points }) => points.length > 0),
  };
}

/** The different places on the x axis, numbers in their order and words as they come. */
export function places({ series }: Figure): (string | number)[] {
  const all = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))];
  const numbers = all.filter((x) => typeof x === "number").toSorted((a, b) => a - b);
  return [...numbers, ...all.filter((x) => typeof x === "string")];
}

/** Beyond this ratio of the largest to the smallest of a few places, equal distances are easier to read. */
const WIDE = 50;
const FEW = 12;

function isEven(all: readonly (string | number)[]): boolean {
  const numbers = all.filter((x) => typeof x === "number").map(Math.abs);
  if (numbers.length < all.length || numbers.length < 2) return true;
  const least = Math.min(...numbers.filter((x) => x > 0));
  return all.length <= FEW && Math.max(...numbers) / least > WIDE;
}

/** Where each place stands, 0 to 1: to scale, or evenly for words and for a few values of many magnitudes. */
export function positions(all: readonly (string | number)[]): Map<string | number, number> {
  const numbers = all.filter((x) => typeof x === "number");
  const [first = 0, last = 1] = [numbers[0], numbers.at(-1)];
  const even = isEven(all);
  return new Map(
    all.map((x, i) => {
      if (all.length === 1) return [x, 0.5];
      return [
        x,
        even || typeof x === "string" ? i / (all.length - 1) : (x - first) / (last - first),
      ];
    }),
  );
}

/** What is written below the x axis: round numbers where places are to scale, else places themselves. */
export function xTicks(
  all: readonly (string | number)[],
  room: number,
): { at: number; text: string }[] {
  const numbers = all.filter((x) => typeof x === "number");
  const [first = 0, last = 1] = [numbers[0], numbers.at(-1)];
  if (!isEven(all)) {
    const step = niceStep((last - first) / Math.min(4, Math.max(2, room)));
    const begin = Math.ceil(first / step - 1e-6);
    const count = Math.floor(last / step + 1e-6) - begin + 1;
    const ticks = Array.from({ length: count }, (_, i) => (begin + i) * step);
    const axis = { low: first, high: last, ticks };
    return ticks.map((tick) => ({
      at: (tick - first) / (last - first),
      text: tickLabel(tick, axis),
    }));
  }
  const where = positions(all);
  const step = Math.ceil(all.length / Math.max(2, room));
  return all
    .filter((_, i) => i % step === 0)
    .map((x) => ({ at: where.get(x) ?? 0, text: typeof x === "number" ? compact(x) : x }));
}

/** A line needs a series with two places; without one, bars say the same and can be read. */
export function drawnAs({ kind, series }: Figure): Figure["kind"] {
  const known = series.map(({ points }) => points.filter(({ y }) => y !== undefined).length);
  return Math.max(0, ...known) < 2 ? "bars" : kind;
}

/** Lines are drawn high enough for an axis in so many parts. */
const LINE_PARTS = 3;

/** Where neither side of a comparison is preferred, in figures of what was won; null in others. */
export function evenOf({ y }: Figure): number | null {
  return y === "share of comparisons won" ? 0.5 : null;
}

/** A vertical axis around all values with their intervals, and around what is even. */
export function axisOf(figure: Figure): Axis {
  const { series } = figure;
  const kind = drawnAs(figure);
  const values = series
    .flatMap(({ points }) => points.flatMap(({ y, low, high }) => [y, low, high]))
    .filter((value) => value !== undefined);
  if (values.length === 0) return valueAxis(0, 1);
  const even = evenOf(figure);
  if (even !== null) values.push(even);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  // Bars are lengths, so they begin at zero.
  return kind === "bars"
    ? valueAxis(Math.min(0, least), Math.max(0, most))
    : valueAxis(least, most, LINE_PARTS);
}

/** Values from here on are written with three decimals at most: more is noise, and does not fit a row. */
const SMALL = 0.01;

/** "62.1 [58, 66.2]", or "–" where nothing is known. */
export function valueText({ y, low, high }: FigurePoint): string {
  if (y === undefined) return "–";
  const all = [y, low ?? y, high ?? y];
  const coarse = Math.max(...all.map(Math.abs)) >= SMALL;
  const [value, from, to] = all.map((one) =>
    compact(coarse ? Number(one.toFixed(3)) : one).replace(/^-/, "−"),
  );
  return low === undefined || high === undefined ? `${value}` : `${value} [${from}, ${to}]`;
}

/** About how high a figure is drawn, in rows of a bar chart; lines are as high as a dozen. */
function heightOf(figure: Figure): number {
  if (drawnAs(figure) === "lines") return 14;
  const rows = figure.series.reduce((sum, { points }) => sum + points.length, 0);
  return 5 + rows + (figure.series.length > 1 ? 1.5 * places(figure).length : 0);
}

/** Two columns of about the same height, in order: the first down, then the second. */
export function inColumns(figures: readonly Figure[]): Figure[][] {
  const heights = figures.map(heightOf);
  const total = heights.reduce((sum, height) => sum + height, 0);
  let [cut, best, above] = [figures.length, total, 0];
  heights.forEach((height, i) => {
    above += height;
    const longer = Math.max(above, total - above);
    if (longer < best) [cut, best] = [i + 1, longer];
  });
  return [figures.slice(0, cut), figures.slice(cut)].filter((column) => column.length > 0);
}

/** A place as it is written. */
export function placeText({ x }: FigurePoint): string {
  return typeof x === "number" ? compact(x) : x;
}

/** One sentence for who does not see the figure. */
export function summaryOf({ title, y, series }: Figure): string {
  const parts = series.map(({ name, points }) => {
    const known = points.filter((point) => point.y !== undefined);
    const [first, last] = [known[0], known.at(-1)];
    if (first === undefined || last === undefined) return `${name}: nothing measured`;
    if (known.length === 1) return `${name}: ${valueText(first)} at ${placeText(first)}`;
    return `${name}: from ${valueText(first)} at ${placeText(first)} to ${valueText(last)} at ${placeText(last)}`;
  });
  return `${title}, ${y}. ${parts.join("; ")}`;
}

/** One row per place and series, for the table and the file. */
export function tableOf(figure: Figure): DataTable {
  const rows = figure.series.flatMap(({ name, source, points }) =>
    points.map(({ x, y, low, high }) => [
      ...[x, name, source],
      ...[y ?? Number.NaN, low ?? Number.NaN, high ?? Number.NaN],
    ]),
  );
  return {
    columns: [
      { name: figure.x },
      { name: "series" },
      { name: "source" },
      { name: figure.y },
      { name: "from (95%)" },
      { name: "to (95%)" },
    ],
    rows,
  };
}

/** What does not hold comes first: counts, and the ids of the claims that fail. */
export function verdictOf({ claims }: Results): string {
  const of = (holds: string): number => claims.filter((claim) => claim.holds === holds).length;
  const parts = [
    [of("yes"), "holds", "hold"],
    [of("partly"), "holds partly", "hold partly"],
    [of("no"), "does not hold", "do not hold"],
    [of("not measured"), "was not measured", "were not measured"],
  ] as const;
  const said = parts.filter(([n]) => n > 0).map(([n, one, many]) => `${n} ${n === 1 ? one : many}`);
  return `Of ${count(claims.length, "claim")} ${said.join(", ")}.`;
}

/** Each of ours, then what the paper has of the same name; then the rest of the paper's. */
export function ordered(series: readonly FigureSeries[]): FigureSeries[] {
  const ours = series.filter(({ source }) => source === "ours");
  const paper = new Set(series.filter(({ source }) => source === "paper"));
  const pairs = ours.flatMap((one) => {
    const beside = [...paper].filter(({ name }) => name.startsWith(one.name));
    for (const found of beside) paper.delete(found);
    return [one, ...beside];
  });
  return [...pairs, ...paper];
}
