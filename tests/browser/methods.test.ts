// Another method than PPO at the Reinforce station, on the CPU engine: DPO really trained, then best-of-n, then a reload.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium, openPage } from "./support/chromium.ts";
import { deckSays, modelReady, rankBy } from "./support/play.ts";
import { problems } from "./support/screen.ts";
import { startServer, type PageServer } from "./support/server.ts";

const STEPS = 3;
let server: PageServer;
let browser: Browser;
beforeAll(async () => {
  server = await startServer();
  browser = await launchChromium("none");
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

const meters = (page: Page): Promise<string[]> =>
  page.locator("[aria-labelledby=meters] .line .term").allTextContents();

test("IPO is trained, stays itself when best-of-n is chosen, and that comes back after a reload", async () => {
  const address = `${server.url}#/?v=1&engine=cpu&method=dpo&iterations=${STEPS}`;
  const { page, record } = await openPage(browser, address, {
    viewport: { width: 1280, height: 900 },
  });
  await modelReady(page, 120_000);
  for (let i = 0; i < 2; i++) await rankBy(page, (answer) => -answer.length);
  await page.getByRole("button", { name: "Reinforce open" }).click();
  const method = page.getByRole("region", { name: "Method" });
  await method.getByLabel("Loss").selectOption("ipo");
  // IPO does not smooth labels, so nothing is asked about it
  expect(await method.getByLabel("Doubt").count()).toBe(0);
  expect(page.url()).toMatch(/method=dpo&dpoKind=ipo/);
  expect(await meters(page)).toEqual(["How you like it", "Tells them apart", "By how much", "Distance from the start", "Still speaks English"]); // prettier-ignore
  expect(await problems(page)).toEqual([]);
  await page.getByRole("button", { name: "Reinforce", exact: true }).click();
  await deckSays(page, new RegExp(`Step ${STEPS} of ${STEPS}, finished`), 240_000);
  expect(await page.locator("section .small strong").first().textContent()).toBe("IPO, beta 0.1.");
  expect(await page.getByText("beta, objective/kl_coef").count()).toBe(0);

  await method.getByLabel("Learns by").selectOption("best-of-n");
  await method.getByLabel("Answers drawn").fill("5");
  await method.getByLabel("Answers drawn").press("Tab");
  expect(await method.textContent()).toContain(
    "The run on screen is IPO, beta 0.1 and stays it; starting over uses Best of 5.",
  );
  expect(await meters(page)).toHaveLength(5);
  await page.getByRole("button", { name: "Start over with Best of n" }).click();
  // the run on screen would be dropped, so it is asked once
  await page.getByRole("button", { name: "Keep them" }).click();
  await page.getByRole("button", { name: "Start over with Best of n" }).click();
  await page.getByRole("button", { name: /^Drop these \d+ steps and start over$/ }).click();
  await deckSays(page, /Step 5 of 5, finished/, 240_000);
  expect(await meters(page)).toEqual(["How you like it", "Distance from the start"]);
  expect(await page.getByRole("heading", { name: "Levers" }).count()).toBe(0);
  expect(await problems(page)).toEqual([]);

  await page.reload();
  await modelReady(page, 120_000);
  await deckSays(page, /Step 5 of 5, finished/);
  await page.getByRole("button", { name: /^Reinforce (done|open)/ }).click();
  expect(await page.locator("section .small strong").first().textContent()).toBe("Best of 5.");
  expect(record.errors).toEqual([]);
  expect(record.violations).toEqual([]);
});
