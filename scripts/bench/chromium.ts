// Runs the sections of the bench in headless Chromium: bundles them, serves them on loopback, prints what comes back.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchChromium } from "../../tests/browser/support/chromium.ts";
import { serve } from "../serve.mjs";
import { bundle, descendantsCpuMs } from "./bundle.ts";
import type { Peak } from "./peak.ts";
import { MODEL } from "./ppo.ts";
import type { Job, Report } from "./sections.ts";
import type { Table } from "./table.ts";

/** Isolation from other origins: the page's clock then counts in 5 microseconds instead of 100. */
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};
const FLAGS = ["--no-sandbox", "--enable-precise-memory-info", "--js-flags=--expose-gc"];
const PAGE =
  '<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="/bench/engine.js"></script>\n';

async function runIn(folder: string, job: Job, report: Report): Promise<string> {
  const server = await serve(folder, { headers: HEADERS });
  const browser = await launchChromium("swiftshader", FLAGS);
  try {
    const page = await browser.newPage();
    page.on("pageerror", (error) => {
      console.error(`In the page: ${String(error)}`);
    });
    await page.exposeFunction("benchCpuMs", descendantsCpuMs);
    await page.exposeFunction("benchAdapter", (name: string, peak: Peak | null) => {
      report.adapter(name, peak ?? undefined);
    });
    await page.exposeFunction("benchTables", (tables: Table[]) => {
      report.tables(tables);
    });
    await page.goto(server.url);
    await page.waitForFunction(() => Reflect.has(globalThis, "nudgeBench"));
    await page.evaluate(async (wanted) => {
      const run = Reflect.get(globalThis, "nudgeBench") as (job: unknown) => Promise<void>;
      await run(wanted);
    }, job);
    return browser.version();
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Runs a job in Chromium; rejects with what the page threw. @returns the browser's version */
export async function runInChromium(job: Job, report: Report): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "nudge-bench-"));
  try {
    await bundle("scripts/bench/page.ts", join(folder, "bench"));
    cpSync(MODEL, join(folder, MODEL), { recursive: true });
    writeFileSync(join(folder, "index.html"), PAGE);
    return await runIn(folder, job, report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
