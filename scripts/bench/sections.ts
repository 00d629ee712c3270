// The sections of the bench in their order, and running them: the same in Node and in a page.
import { Executor } from "../../src/gpu/executor.ts";
import type { TuningCache } from "../../src/gpu/tuner.ts";
import { Bench } from "./bench.ts";
import type { BenchOptions, Opened, Section } from "./bench.ts";
import { callsSection } from "./calls.ts";
import { enduranceSection } from "./endurance.ts";
import { growthSection } from "./growth.ts";
import { kernelsSection } from "./kernels.ts";
import { matmulSection } from "./matmul.ts";
import { measurePeak } from "./peak.ts";
import type { Peak } from "./peak.ts";
import { ppoSection } from "./ppo.ts";
import { sampleSection } from "./sample.ts";
import type { Table } from "./table.ts";
import { trainSection } from "./train.ts";

// The quick ones first, so that what may not fit into the time comes last.
export const SECTIONS: readonly Section[] = [
  callsSection,
  kernelsSection,
  sampleSection,
  ppoSection,
  matmulSection,
  trainSection,
  growthSection,
  enduranceSection,
];

/** What is to run, as plain data that a page can be given. */
export interface Job {
  readonly sections: readonly string[];
  readonly engine: "gpu" | "cpu";
  readonly options: BenchOptions;
}

/** Where a run reports to while it goes on. */
export interface Report {
  adapter(name: string, peak: Peak | undefined): void;
  tables(tables: readonly Table[]): void;
}

/** Runs sections one after the other, each on a fresh engine. */
export async function runSections(
  { sections, options }: Job,
  open: () => Promise<Opened>,
  report: Report,
  cache?: TuningCache,
): Promise<void> {
  const opened = await open();
  const { engine } = opened;
  // only shares of a peak need one
  const needed = sections.some((name) => !["calls", "endurance"].includes(name));
  const peak = engine instanceof Executor && needed ? await measurePeak(engine.gpu) : undefined;
  report.adapter(engine.name, peak);
  const bench = new Bench({ opened, peak, open, cache }, options);
  for (const section of SECTIONS) {
    if (!sections.includes(section.name)) continue;
    await bench.fresh();
    report.tables(await section.run(bench));
  }
  bench.close();
}
