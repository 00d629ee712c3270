// An example of one's own: it ends the run, is saved, and after a reload the page says that the model is without it.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium, openPage } from "./support/chromium.ts";
import { deckSays, modelReady, rankAndReact } from "./support/play.ts";
import { problems } from "./support/screen.ts";
import { startServer, type PageServer } from "./support/server.ts";

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

test("an example outlives a reload, and the run that it ended does not come back", async () => {
  const { page, record } = await openPage(
    browser,
    `${server.url}#/?v=1&engine=cpu&iterations=2&batch=4&minibatches=1&valueEpochs=1`,
  );
  await modelReady(page);
  await rankAndReact(page);
  await page.keyboard.press("r");
  await deckSays(page, /Step 2 of 2, finished/);
  await page.locator("nav[aria-label=Stations] button").first().click();
  await page.getByLabel("Somebody asks").fill("Tell me about the fox.");
  await page.getByLabel("The model should say").fill("The fox is my best friend!");
  await page.getByRole("button", { name: /^Copy it/ }).click();
  await page.getByText(/^Its surprise by your example fell from/).waitFor();
  await deckSays(page, /Nothing is training/);

  await page.reload();
  await modelReady(page);
  await page.locator("nav[aria-label=Stations] button").first().click();
  const said = page.getByText("An example that you wrote is saved in this browser.");
  await said.waitFor();
  await page.getByText("Tell me about the fox. → The fox is my best friend!").waitFor();
  await deckSays(page, /Nothing is training/);
  expect(await problems(page)).toEqual([]);
  await page.getByRole("button", { name: "Copy it again" }).click();
  await said.waitFor({ state: "detached" });

  // a run that began after it brings its model back, so that nothing is to be copied again
  await page.keyboard.press("r");
  await deckSays(page, /Step 2 of 2, finished/);
  await page.reload();
  await modelReady(page);
  await deckSays(page, /Step 2 of 2, finished/);
  await page.locator("nav[aria-label=Stations] button").first().click();
  await page.getByRole("heading", { name: "Write one example yourself" }).waitFor();
  expect(await said.count()).toBe(0);
  expect([record.errors, record.violations]).toEqual([[], []]);
  await page.context().close();
});
