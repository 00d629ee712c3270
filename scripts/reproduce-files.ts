// Writes what a reproduction found: the report with its plots, the page's files, and a JSON where one is asked for.
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { markdownOf } from "../src/reproduce/markdown.ts";
import type { Results, SampledPrompt } from "../src/reproduce/results.ts";
import { svgOf } from "../src/reproduce/svg.ts";

/** Folder of the plots beside the report. */
const PLOTS = "results";

/** RESULTS.md and results/*.svg below `folder`. */
export function writeReport(folder: string, results: Results): void {
  const plots = join(folder, PLOTS);
  mkdirSync(plots, { recursive: true });
  for (const file of readdirSync(plots)) if (file.endsWith(".svg")) rmSync(join(plots, file));
  for (const figure of results.figures)
    writeFileSync(join(plots, `${figure.id}.svg`), svgOf(figure));
  writeFileSync(join(folder, "RESULTS.md"), markdownOf(results, PLOTS));
}

/** How many seeds the results in a folder are of, and by which form; null where there are none. */
export function heldBy(folder: string): { seeds: number; form: string } | null {
  try {
    const { seeds, form } = JSON.parse(readFileSync(join(folder, "results.json"), "utf8")) as Partial<Results>; // prettier-ignore
    return Array.isArray(seeds) && typeof form === "string" ? { seeds: seeds.length, form } : null;
  } catch {
    return null;
  }
}

/** results.json and samples-*.json below `folder`; returns the results with the list of its sample files. */
export function writePage(
  folder: string,
  results: Results,
  samples: ReadonlyMap<string, readonly SampledPrompt[]>,
): Results {
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) {
    if (/^samples-.*\.json$/.test(file)) rmSync(join(folder, file));
  }
  const files = [...samples].map(([task, list]) => {
    const file = `samples-${task.replaceAll(" ", "-")}.json`;
    writeFileSync(
      join(folder, file),
      `[\n${list.map((one) => JSON.stringify(one)).join(",\n")}\n]\n`,
    );
    return { task, file, bytes: statSync(join(folder, file)).size };
  });
  const complete: Results = { ...results, samples: files };
  writeFileSync(join(folder, "results.json"), `${JSON.stringify(complete, null, 1)}\n`);
  return complete;
}
