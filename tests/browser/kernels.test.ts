// The kernel suite in Firefox, whose WGSL compiler (Naga) is not the one that Chromium and Dawn share.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "puppeteer-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serve } from "../../scripts/serve.mjs";
import type { Suite } from "./kernels/suite.ts";
import { launchFirefox } from "./support/firefox.ts";

const PAGE = "tests/browser/kernels/index.html";

let folder: string;
let server: { url: string; close(): Promise<void> };
let browser: Browser;
let page: Page;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kernels-"));
  const root = fileURLToPath(new URL("../..", import.meta.url));
  await build({
    root,
    configFile: false,
    publicDir: false,
    base: "./",
    logLevel: "error",
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: "es2023",
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(root, PAGE), checks: { bundlerTimings: false } },
    },
  });
  server = await serve(folder);
  browser = await launchFirefox();
  page = await browser.newPage();
  await page.goto(`${server.url}${PAGE}`);
  await page.waitForFunction(() => "suite" in globalThis);
});
afterAll(async () => {
  await browser.close();
  await server.close();
  await rm(folder, { recursive: true });
});

test("every shader compiles", async () => {
  const refused = await page.evaluate(() =>
    (globalThis as unknown as { suite: Suite }).suite.compile(),
  );
  expect(refused).toEqual([]);
});

/**
 * All cases take 4 minutes, since Firefox polls a read-back every 100 ms; one of each kernel, and one of each in
 * halves, takes one.
 */
function smoke(cases: readonly string[]): string[] {
  const kind = (name: string): string =>
    `${name.split(" ")[0] ?? ""}${name.endsWith(" in halves") ? " in halves" : ""}`;
  const last = new Map(cases.map((name) => [kind(name), name]));
  return [...last.values()];
}

test("the last case of every kernel equals its CPU reference", { timeout: 300_000 }, async () => {
  const suite = await page.evaluate(() => [
    ...(globalThis as unknown as { suite: Suite }).suite.cases,
  ]);
  const chosen = smoke(suite);
  expect(chosen.length).toBeGreaterThan(40);
  expect(chosen.filter((name) => name.endsWith(" in halves")).length).toBeGreaterThan(9);
  const failures: string[] = [];
  for (const name of chosen) {
    const found = await page.evaluate(
      (wanted) => (globalThis as unknown as { suite: Suite }).suite.run(wanted),
      name,
    );
    failures.push(...found);
  }
  expect(failures).toEqual([]);
});
