// The quality components on their real worker: axe in both themes, 320 px, keyboard, stopping, empty states.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serve } from "../../scripts/serve.mjs";
import { ROOT } from "../../scripts/setup.mjs";
import { axeViolations } from "./support/axe.ts";
import { launchChromium, openPage, type RecordedPage } from "./support/chromium.ts";

let folder: string;
let server: Awaited<ReturnType<typeof serve>>;
let browser: Browser;
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "nudge-quality-")));
  process.env["HARNESS_OUT"] = folder;
  await build({ configFile: join(ROOT, "tests/ui/harness/quality/vite.config.ts") });
  server = await serve(folder);
  browser = await launchChromium("none");
});
afterAll(async () => {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

async function story(state: string, width = 1280): Promise<RecordedPage> {
  return openPage(browser, `${server.url}#${state}`, { viewport: { width, height: 800 } });
}

async function cleanInBothThemes(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    expect(await axeViolations(page), colorScheme).toEqual([]);
  }
}

test("every chart says its finding, has its table by keyboard, and axe finds nothing", async () => {
  const { page, record } = await story("full");
  await page.getByRole("heading", { name: /agree on \d+% of pairs/ }).waitFor();
  const titles = await page.locator("h3").allTextContents();
  expect(titles.map((title) => title.trim())).toEqual([
    expect.stringMatching(/^People agree on \d+% of pairs, /),
    expect.stringMatching(/^model 0 is the strongest$/),
    expect.stringMatching(/^People repeat themselves on \d+% of pairs$/),
    expect.stringMatching(
      /^The place on screen decides: the 1st is best \d+% of the time, not 25%$/,
    ),
    expect.stringMatching(/^A ranking takes [\d.]+ s to [\d.]+ s by person's median, /),
    expect.stringMatching(/^\d of 4 people reach 75% on silent gold$/),
    expect.stringMatching(/^\d+% of pairs are tied$/),
  ]);
  await cleanInBothThemes(page);
  for (const button of await page.getByRole("button", { name: "Table" }).all()) {
    await button.press("Enter");
  }
  expect(await page.getByRole("region", { name: /as a table$/ }).count()).toBe(7);
  await cleanInBothThemes(page);
  await page.getByRole("button", { name: "Table" }).nth(1).press("Enter");
  await page.getByRole("button", { name: /Plackett/ }).press("Enter");
  await page.getByText("Ties by Davidson's model").waitFor();
  expect(record).toMatchObject({ errors: [], violations: [] });
  await page.context().close();
});

test("nothing overflows at 320 px", async () => {
  for (const state of ["full", "one", "empty"]) {
    const { page, record } = await story(state, 320);
    await page.locator("h3").first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth), state).toBe(320);
    await cleanInBothThemes(page);
    expect(record).toMatchObject({ errors: [], violations: [] });
    await page.context().close();
  }
});

test("without data every chart says what it needs", async () => {
  const { page } = await story("empty");
  await page.locator("h3").first().waitFor();
  const text = await page.locator("main").innerText();
  expect(text).toContain("Agreement needs two people on the same item: 0 so far");
  expect(text).toContain("Position bias needs 100 rankings with one best answer: 0 so far");
  expect(text).toContain("Self-agreement needs an item that one person ranked twice: 0 so far");
  expect(await page.getByRole("button", { name: "Table" }).count()).toBe(0);
  await page.context().close();
});

test("strengths without a bound are refused, and fitted when half a win is added", async () => {
  const { page } = await story("one");
  await page.getByText("their strengths have no bound").waitFor();
  await page.getByRole("button", { name: "Add half a win and half a loss" }).press("Enter");
  await page.getByText("Half a win and half a loss were added to each.").waitFor();
  await page.context().close();
});

test("a long computation shows its progress and stops at once", async () => {
  const { page, record } = await story("long");
  await page.getByRole("progressbar", { name: "Computing the statistics" }).waitFor();
  await page.getByRole("button", { name: "Stop" }).press("Enter");
  await page.getByRole("progressbar").waitFor({ state: "detached", timeout: 5000 });
  expect(record).toMatchObject({ errors: [], violations: [] });
  await page.context().close();
});
