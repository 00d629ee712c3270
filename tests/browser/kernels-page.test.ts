// The kernels page as built: reached by links and keys, checked on SwiftShader, clean for axe in both themes.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { axeViolations } from "./support/axe.ts";
import { launchChromium, openPage } from "./support/chromium.ts";
import { modelReady } from "./support/play.ts";
import { startServer, type PageServer } from "./support/server.ts";

let server: PageServer;
let browser: Browser;
beforeAll(async () => {
  server = await startServer();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

test("on SwiftShader a kernel is checked by keyboard, in every program", async () => {
  const { page, record } = await openPage(
    browser,
    `${server.url}#/kernels/residual?v=1&engine=gpu`,
  );
  await modelReady(page, 120_000);
  await page.getByRole("link", { name: /^cross_entropy / }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "cross_entropy", exact: true }).waitFor();
  expect(page.url()).toMatch(/#\/kernels\/cross_entropy\?v=1&engine=gpu$/);
  expect(await page.locator(".detail").textContent()).toContain("not checked yet");
  const check = page.getByRole("button", { name: "Check", exact: true });
  // The page first lets the model answer its next prompts.
  await expect.poll(() => check.isEnabled(), { timeout: 120_000 }).toBe(true);
  await check.press("Enter");
  const result = page.getByRole("region", { name: "Result of the check" });
  await result.waitFor({ timeout: 60_000 });
  expect(await result.locator("tbody tr").allTextContents()).toEqual([
    expect.stringMatching(/^plain.*right/),
  ]);
  await page.getByRole("button", { name: "As it runs" }).press("Enter");
  await page.locator(".code", { hasText: /const V: u32 = \d{3}u;/ }).waitFor();
  expect(record.violations).toEqual([]);
  expect(record.errors).toEqual([]);
  await page.context().close();
});

test("reached from the engine's dialog, left by a station, and by back; axe finds nothing", async () => {
  const { page, record } = await openPage(browser, `${server.url}#/?v=1&engine=cpu&seed=3`);
  await modelReady(page);
  await page.locator(".chip").click();
  await page.getByRole("link", { name: "Kernels" }).press("Enter");
  await page.locator(".list a").first().waitFor();
  expect(page.url()).toMatch(/#\/kernels\?.*seed=3/);
  expect(await page.title()).toBe("Kernels – Nudge");
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await page.getByRole("region", { name: "Result of the check" }).waitFor();
  // Digits place answers at the ranking station, and nothing here.
  await page.keyboard.press("1");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    expect(await axeViolations(page), colorScheme).toEqual([]);
  }
  await page.getByRole("link", { name: "Plans" }).click();
  await page.getByRole("region", { name: /^Plan / }).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goBack();
  await page.locator(".list a", { hasText: "matmul" }).click();
  await page.getByRole("heading", { name: "matmul", exact: true }).waitFor();
  const widths = await page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll(".scroll")].map((e) => e.scrollWidth),
  );
  expect(Math.max(...widths)).toBe(360);
  await page.getByRole("navigation", { name: "Stations" }).getByRole("button", { name: "Rank open" }).click(); // prettier-ignore
  await page.locator("[data-answer]").first().waitFor();
  expect(page.url()).not.toContain("kernels");
  await page.goBack();
  await page.getByRole("heading", { name: "matmul", exact: true }).waitFor();
  expect(record.violations).toEqual([]);
  expect(record.errors).toEqual([]);
  await page.context().close();
});
