// Runs the matrix products of a training step beside those of other engines in one page, and makes a table of them.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { OURS, execute } from "./harness.ts";
import type { ProductResult, ProductRow } from "./products.ts";
import type { Row, Table } from "./table.ts";

/** What each peer's library is called in the harness's packages. */
const IMPORTS: Readonly<Record<string, string>> = {
  jaxjs: 'import * as jaxjs from "@jax-js/jax";\n',
  tfjs: 'import * as tfjs from "@tensorflow/tfjs-core";\nimport "@tensorflow/tfjs-backend-webgpu";\n',
  ort: 'import * as ort from "onnxruntime-web/webgpu";\n',
};
/** Opening the page and tuning take some of the time; the page stops itself before the harness does. */
const RESERVE_S = 15;

interface Wanted {
  readonly names: readonly string[];
  readonly configs: readonly string[];
  readonly minutes: number;
}

/** What the harness wrote. */
interface Result {
  readonly ok?: boolean;
  readonly error?: string;
  readonly chromium?: string;
  readonly info?: {
    readonly engine: string;
    readonly rows: readonly ProductRow[];
    readonly left: readonly string[];
    /** kinds of products of ours that the time for tuning did not reach */
    readonly untuned: number;
  };
}

const isOurs = ({ engine }: ProductResult): boolean => engine === OURS;

/** One row per product: milliseconds of each engine, and how many times as fast ours is. */
export function productRows(rows: readonly ProductRow[]): Row[] {
  return rows.map(({ name, times, flops, results }) => {
    const own = results.find(isOurs);
    const row: Record<string, number | string> = { "M x K x N": name, "in a step": times };
    row["nudge ms"] = own?.ms ?? "failed";
    row["CPU ms"] = own?.cpuMs ?? NaN;
    row["GFLOP/s"] = flops / (own?.ms ?? NaN) / 1e6;
    for (const { engine, ms = NaN, cpuMs = NaN, failure } of results.filter((r) => !isOurs(r))) {
      row[`${engine} ms`] = failure === undefined ? ms : "failed";
      row[`${engine} / nudge`] = ms / (own?.ms ?? NaN);
      row[`${engine} in CPU time`] = cpuMs / (own?.cpuMs ?? NaN);
    }
    row["max error"] = Math.max(...results.map(({ error = 0 }) => error));
    return row;
  });
}

/** Where a peer was faster, and what failed; by processor time, because that is the steadier of the two. */
export function productNotes(rows: readonly ProductRow[]): string[] {
  const notes: string[] = [];
  const engines = new Set(rows.flatMap(({ results }) => results.map(({ engine }) => engine)));
  for (const engine of engines) {
    if (engine === OURS) continue;
    const find = (row: ProductRow): ProductResult | undefined =>
      row.results.find((result) => result.engine === engine);
    const ran = rows.filter((row) => find(row)?.ms !== undefined);
    const faster = (of: "ms" | "cpuMs"): string[] =>
      ran
        .filter((row) => (find(row)?.[of] ?? NaN) < (row.results.find(isOurs)?.[of] ?? NaN))
        .map(({ name }) => name);
    const list = (names: readonly string[]): string =>
      names.length === 0 ? "nowhere" : `at ${names.join(", ")}`;
    if (ran.length > 0) {
      notes.push(
        `${engine} was faster ${list(faster("ms"))} of ${String(ran.length)} by the clock, ${list(faster("cpuMs"))} in processor time.`,
      );
    }
    const failure = rows.map((row) => find(row)?.failure).find((text) => text !== undefined);
    if (failure !== undefined) notes.push(`${engine} failed: ${failure}`);
  }
  return notes;
}

async function tableOf(folder: string, config: string, seconds: number): Promise<Table> {
  const out = join(folder, `products-${config}.json`);
  const list = { peer: "products", config, steps: 0, gen: 0, matmul: 0, quiet: 1, out };
  const limits = { variant: Math.max(1, seconds - RESERVE_S), timeout: seconds + 60 };
  const args = Object.entries({ ...list, ...limits }).flatMap(([k, v]) => [`--${k}`, String(v)]);
  const { output } = await execute(process.execPath, ["run.mjs", ...args], folder);
  const title = `Matrix products of a training step at ${config}, beside peers`;
  const result = (existsSync(out) ? JSON.parse(readFileSync(out, "utf8")) : {}) as Result;
  const { info, chromium = "", error } = result;
  if (info === undefined || result.ok !== true) {
    return { title, rows: [], notes: [`Failed: ${error ?? output.trim().slice(-300)}`] };
  }
  const { engine, rows, left, untuned } = info;
  const place = `Chromium ${chromium}, ${engine}: one page, every engine in turns on the same operands; median of seven samples, processor time of the whole browser. N = stored as it is, T = transposed. Max error: seven elements of each result against float64, the largest of all engines.`;
  const late = left.length > 0 ? [`Left out, because the time was over: ${left.join(", ")}.`] : [];
  if (untuned > 0) {
    late.push(`Not tuned for want of time, so computed plainly: ${String(untuned)} of ours.`);
  }
  return { title, rows: productRows(rows), notes: [place, ...productNotes(rows), ...late] };
}

/** Works in a copy of the harness. `names` are peers; those without a matrix product are passed over. */
export async function compareProducts(
  folder: string,
  { names, configs, minutes }: Wanted,
): Promise<Table[]> {
  const known = names.filter((name) => name in IMPORTS);
  await bundle("scripts/bench/products.ts", join(folder, "products"));
  const imports = known.map((name) => IMPORTS[name]).join("");
  writeFileSync(
    join(folder, "peers", "products.js"),
    `${imports}import { productsPeer } from "../products/engine.js";\nexport default productsPeer({ ${known.join(", ")} });\n`,
  );
  const tables: Table[] = [];
  const seconds = Math.floor((60 * minutes) / configs.length);
  for (const config of configs) tables.push(await tableOf(folder, config, seconds));
  return tables;
}
