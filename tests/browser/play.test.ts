// The main job in a real browser with the shipped weights: rank, learn, reinforce, taste, come back.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { axeViolations } from "./support/axe.ts";
import { launchChromium, openPage } from "./support/chromium.ts";
import type { PageRecord } from "./support/chromium.ts";
import { deckSays, modelReady, rankAndReact, rankByKeyboard } from "./support/play.ts";
import { savedRankings, stepOf, watchLongTasks } from "./support/play.ts";
import { firstVisit, startServer, type PageServer } from "./support/server.ts";

/** A small budget, with steps large enough that six of them show in the samples. */
const BUDGET = "#/?v=1&iterations=7&batch=16&learningRate=0.003";
/** Shown times are asserted with the bars; longer tasks than this would be our computing on the page. */
const BLOCKING = 200;

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

async function axeInBoth(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    found.push(...(await axeViolations(page)).map((one) => `${colorScheme}: ${one}`));
  }
  return found;
}

describe("from the first ranking to the reload", () => {
  let page: Page;
  let record: PageRecord;

  beforeAll(async () => {
    ({ page, record } = await openPage(browser, server.url + BUDGET));
  });
  afterAll(() => page.context().close());

  test("answers are rankable within 2 s of the navigation", async () => {
    const times: number[] = [];
    // The better of two visits: the first one also pays for starting the browser.
    for (let visit = 0; visit < 2; visit++) {
      const first = await openPage(browser, server.url);
      await first.page.locator("[data-answer]").first().waitFor();
      const mark = () => performance.getEntriesByName("rankable")[0]?.startTime ?? Number.NaN;
      times.push(await first.page.evaluate(mark));
      await first.page.context().close();
    }
    console.log(`rankable after ${times.map(Math.round).join(" and ")} ms`);
    expect(Math.min(...times)).toBeLessThan(2000);
  });

  test("the page says what it runs on, and why not on the GPU", async () => {
    await modelReady(page);
    expect(await page.locator(".chip").textContent()).toMatch(/Running on: CPU \(WebAssembly\)/);
    await expect.poll(() => page.locator("main").textContent()).toContain("adapter here is soft");
    await page.getByRole("button", { name: "Put this away" }).click();
  });

  test("the reward model reacts to a ranking made with the keyboard within 3 s", async () => {
    expect(await axeInBoth(page)).toEqual([]);
    await page.waitForLoadState("networkidle");
    server.requests.length = 0;
    await rankAndReact(page);
    await rankByKeyboard(page);
    const time = await rankAndReact(page);
    console.log(`reward reacted after ${Math.round(time)} ms`);
    expect(time).toBeLessThan(3000);
    expect(await savedRankings(page)).toBe(3);
    expect(await page.locator("[aria-labelledby=bars] li").count()).toBeGreaterThan(1);
  });

  test("after a click on another prompt the keys belong to it", async () => {
    const before = await page.locator("#prompt").textContent();
    await page.getByRole("button", { name: "Another prompt" }).click();
    await expect.poll(() => page.locator("#prompt").textContent()).not.toBe(before);
    await expect.poll(() => page.evaluate(() => document.activeElement?.hasAttribute("data-card"))).toBe(true); // prettier-ignore
  });

  test("PPO runs, pauses, steps, goes on to the end, and the page stays free", async () => {
    const longTasks = await watchLongTasks(page);
    await page.keyboard.press("r");
    await deckSays(page, /Step [12] of 7/);
    await page.keyboard.press("Space");
    await deckSays(page, /paused/);
    const paused = await stepOf(page);
    await page.keyboard.press(".");
    await deckSays(page, new RegExp(`Step ${paused + 1} of 7, paused`));
    const started = performance.now();
    const button = page.locator("footer .buttons button").first();
    await button.focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => button.textContent()).toContain("Pause");
    expect(await button.evaluate((one) => one === document.activeElement)).toBe(true);
    await deckSays(page, /Step 7 of 7, finished/);
    expect(await button.evaluate((one) => one === document.activeElement)).toBe(true);
    const seconds = (performance.now() - started) / 1000 / Math.max(1, 6 - paused);
    console.log(`${seconds.toFixed(2)} s per step, long tasks: ${(await longTasks()).join(", ")}`);
    expect((await longTasks()).filter((length) => length > BLOCKING)).toEqual([]);
  });

  test("the samples changed, the curves and the checks are there, and axe is content", async () => {
    const changed = await page.locator("[aria-labelledby=lines] h3").textContent();
    expect(Number(/(\d+) of \d+ changed/.exec(changed ?? "")?.[1])).toBeGreaterThan(0);
    expect(await page.locator("[aria-labelledby=lines] mark").count()).toBeGreaterThan(0);
    expect(await page.locator("[aria-labelledby=meters] path").count()).toBe(3);
    const checks = await page.locator("[aria-labelledby=checks] li").allTextContents();
    expect(checks).toHaveLength(4);
    expect(checks.slice(0, 3).every((check) => check.includes("passed"))).toBe(true);
    expect(await axeInBoth(page)).toEqual([]);
  });

  test("the run can be scrubbed, and trained again from an earlier step", async () => {
    await page.keyboard.press("Home");
    await expect.poll(() => page.locator(".scrubber .at").textContent()).toBe("step 0");
    expect(await page.locator("[aria-labelledby=lines] mark").count()).toBe(0);
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => page.locator(".scrubber .at").textContent()).not.toBe("step 0");
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    await page.getByRole("button", { name: "Train from here" }).click();
    await deckSays(page, /paused/);
    expect(await stepOf(page)).toBe(5);
    await page.keyboard.press("Space");
    await deckSays(page, /Step 7 of 7, finished/);
  });

  test("the taste test compares before and after, blind, and says which ranking did it", async () => {
    await page.getByRole("button", { name: "Taste test" }).last().click();
    await page.locator("button.answer").first().waitFor();
    expect(await axeInBoth(page)).toEqual([]);
    while ((await page.locator("button.answer").count()) > 0)
      await page.keyboard.press("ArrowLeft");
    const verdict = page.locator("#verdict");
    await verdict.waitFor();
    expect(await verdict.textContent()).toMatch(/You chose the trained model \d of \d times?/);
    await page.getByRole("button", { name: "Find out" }).click();
    await expect.poll(() => page.locator("[aria-labelledby=because] li").count()).toBe(3);
    await page.getByRole("button", { name: "Without #1" }).click();
    await page.getByRole("button", { name: "Put it back" }).click();
    await page.getByRole("button", { name: "Flip my rankings" }).click();
    await page.getByRole("button", { name: "Reinforce flipped …" }).waitFor();
    await expect.poll(() => page.locator(".best").count(), { timeout: 20_000 }).toBe(3);
    expect(await axeInBoth(page)).toEqual([]);
  });

  test("nothing was requested since the page was loaded, and nothing went wrong", () => {
    expect(server.requests).toEqual([]);
    expect(record.errors).toEqual([]);
    expect(record.violations).toEqual([]);
  });

  test("a reload finds rankings, run and weights again", async () => {
    await page.reload();
    await modelReady(page);
    await deckSays(page, /Step 7 of 7, finished/);
    // the station is in the address, and back leads to those before
    const station = page.locator('nav [aria-current="step"] .name');
    await expect.poll(() => station.textContent()).toBe("Taste test");
    // the verdict is there again, and says at which step it was measured once the model went on
    await page.locator("#verdict").waitFor();
    await page.goBack();
    await expect.poll(() => station.textContent()).toBe("Reinforce");
    await page.goBack();
    await expect.poll(() => station.textContent()).toBe("Rank");
    await expect.poll(() => savedRankings(page)).toBe(3);
    await page.getByRole("button", { name: "Reinforce" }).click();
    await page.locator("[aria-labelledby=lines] mark").first().waitFor();
    await page.keyboard.press(".");
    await deckSays(page, /Step 8 of 8, finished/);
    expect(record.errors).toEqual([]);
  });
});

test("first visit: at most 110 KiB of script before the page works and 3.5 MB in all", async () => {
  const { page } = await openPage(browser, server.url);
  await modelReady(page);
  const script = await page.locator("script[src]").getAttribute("src");
  const { initialScript: initial, total } = await firstVisit(server, script ?? "none");
  console.log(`initial script ${initial} bytes, first visit ${total} bytes`);
  expect(initial).toBeLessThan(110 * 1024);
  expect(total).toBeLessThan(3_500_000);
  await page.context().close();
});
