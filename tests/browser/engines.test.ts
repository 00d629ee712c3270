// Every machine gets the product: no adapter, no WebGPU, plain http; and a GPU that dies in mid-run.
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium, openPage } from "./support/chromium.ts";
import { deckSays, modelReady, rankAndReact, rankByKeyboard, stepOf } from "./support/play.ts";
import { startServer, type PageServer } from "./support/server.ts";

/** The least work that still is a run: one small batch, one minibatch, no second look at it. */
const LEAST = "batch=4&minibatches=1&valueEpochs=1";

let server: PageServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

test.each([
  { adapter: "none", host: "127.0.0.1", why: /was given no graphics adapter/ },
  { adapter: "swiftshader", host: "nudge.test", why: /This address is not secure/ },
] as const)("adapter $adapter at $host: a calm note, and all is live on the CPU", async (where) => {
  const browser = await launchChromium(where.adapter, [
    "--host-resolver-rules=MAP nudge.test 127.0.0.1",
  ]);
  const url = server.url.replace("127.0.0.1", where.host);
  const { page, record } = await openPage(browser, `${url}#/?v=1&iterations=4&${LEAST}`);
  await modelReady(page);
  expect(await page.locator(".chip").textContent()).toMatch(/Running on: CPU \(WebAssembly\)/);
  expect(await page.locator("main").textContent()).toMatch(where.why);
  expect(await rankAndReact(page)).toBeLessThan(3000);
  await page.keyboard.press("r");
  await deckSays(page, /Step 4 of 4, finished/);
  expect(record.violations).toEqual([]);
  expect(record.errors.filter((error) => !error.includes("Cross-Origin-Opener-Policy"))).toEqual(
    [],
  );
  await browser.close();
});

test("the choice of engine is kept, and the address goes before it", async () => {
  const browser = await launchChromium();
  const { page } = await openPage(browser, `${server.url}#/?v=1&engine=cpu`);
  await modelReady(page);
  await page.locator(".chip").click();
  expect(await page.getByRole("radio", { name: /^CPU/ }).isChecked()).toBe(true);
  await page.getByRole("radio", { name: /^Automatic/ }).check();
  await modelReady(page);
  expect(page.url()).not.toContain("engine");
  await page.reload();
  await page.locator(".chip").click();
  expect(await page.getByRole("radio", { name: /^Automatic/ }).isChecked()).toBe(true);
  await browser.close();
});

test("a device destroyed in mid-run: one sentence, and the last good weights go on", async () => {
  const browser = await launchChromium();
  const { page, record } = await openPage(
    browser,
    `${server.url}#/?v=1&engine=gpu&iterations=40&${LEAST}`,
  );
  // SwiftShader compiles in the process that also draws the page: it stands still until the model is there.
  await modelReady(page, 120_000);
  await rankByKeyboard(page);
  expect(await page.locator(".chip").textContent()).toMatch(/swiftshader/i);
  await page.waitForFunction(() => performance.getEntriesByName("reward-reacted").length > 0, null, { timeout: 60_000, polling: 250 }); // prettier-ignore
  await page.keyboard.press("r");
  await deckSays(page, /Step [3-9] of 40/, 120_000);
  await page.locator(".chip").click();
  await page.getByRole("button", { name: "Try it" }).click();
  await page.keyboard.press("Escape");
  const alert = page.locator("main [role=alert]");
  await alert.first().waitFor();
  expect(await alert.count()).toBe(1);
  expect(await alert.textContent()).toMatch(/^ *The GPU device was lost \(.+\) at step \d+; /);
  await deckSays(page, /stopped/);
  await page.getByRole("button", { name: "Start the model again" }).click();
  await deckSays(page, /Step \d+ of 40, paused/, 120_000);
  const kept = await stepOf(page);
  expect(kept).toBeGreaterThan(0);
  await page.keyboard.press(".");
  await deckSays(page, new RegExp(`Step ${kept + 1} of 40, paused`), 60_000);
  expect(await page.locator("main [role=alert]").count()).toBe(0);
  expect(record.violations).toEqual([]);
  await browser.close();
});
