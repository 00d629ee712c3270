// The built page under the production headers: it loads clean, and WebGPU is there.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium, openPage } from "./support/chromium.ts";
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

test("loads without a policy violation or a console error, from its own server alone", async () => {
  const { page, record } = await openPage(browser, server.url);
  expect(await page.title()).toBe("Nudge");
  await page.locator("#app > *").first().waitFor();
  await page.waitForLoadState("networkidle");
  expect(record.violations).toEqual([]);
  expect(record.errors).toEqual([]);
  expect(record.requests.filter((url) => !url.startsWith(server.url))).toEqual([]);
  await page.context().close();
});

test("has a WebGPU adapter on SwiftShader", async () => {
  const { page } = await openPage(browser, server.url);
  const adapter = await page.evaluate(async () => {
    const found = await navigator.gpu.requestAdapter();
    return found && `${found.info.vendor} ${found.info.architecture} ${found.info.description}`;
  });
  expect(adapter?.toLowerCase()).toContain("swiftshader");
  await page.context().close();
});
