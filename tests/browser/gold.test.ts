// Gold in the built page: an expert makes it, a newcomer practises on it by keyboard, and Quality shows the score.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { axeViolations } from "./support/axe.ts";
import { launchChromium, openPage } from "./support/chromium.ts";
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

async function clean(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    expect(await axeViolations(page), colorScheme).toEqual([]);
  }
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(over).toBe(0);
}

const tab = (page: Page, name: string): Promise<void> =>
  page
    .getByRole("navigation", { name: "Parts of this project" })
    .getByRole("link", { name, exact: true })
    .click();

test.each([1280, 320])("practice sets teach, at %i px", async (width) => {
  const { page, record } = await openPage(browser, `${server.url}#/collect`, {
    viewport: { width, height: 740 },
  });
  page.setDefaultTimeout(30_000);
  await page.getByLabel("Name").fill("Practice");
  await page.getByRole("button", { name: "Make it" }).click();
  const lines = [0, 1, 2].map((i) =>
    JSON.stringify({ prompt: `question ${i}`, completions: ["one", "two", "three"] }),
  );
  await page
    .locator("input[type=file]")
    .first()
    .setInputFiles({
      name: "sets.jsonl",
      mimeType: "application/jsonl",
      buffer: Buffer.from(lines.join("\n")),
    });
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page
    .getByText(/^Imported /)
    .first()
    .waitFor();
  await tab(page, "Judge");
  await page.getByText("3 sets left of 3").waitFor();
  for (const key of ["1", "2", "Enter"]) await page.keyboard.press(key);
  await page.getByText("2 sets left of 3").waitFor();
  await tab(page, "History");
  await page.locator("[aria-labelledby=history] li button.what").press("Enter");
  await page.getByRole("button", { name: "Use as gold" }).press("Enter");
  await page.getByLabel("Why this order").fill("One is the first number.");
  await clean(page);
  await page.getByRole("button", { name: "Make it gold" }).press("Enter");
  await page.getByText("This set is worked gold.").waitFor();
  await tab(page, "Questions");
  await page.getByText("1 worked set come first").waitFor();
  await page.getByLabel("Sets come").selectOption("gap_ucb");
  await page.getByLabel(/Random draws among them/).waitFor();
  await clean(page);

  await tab(page, "Judge");
  await page.getByLabel("Judging as").selectOption("");
  await page.getByLabel("Name").fill("New");
  await page.keyboard.press("Enter");
  // Two ordinary sets have their one judgement to come, and the practice set is asked of everyone.
  await page.getByText("3 sets left of 3").waitFor();
  for (const key of ["1", "2", "Enter"]) await page.keyboard.press(key);
  await page.getByText("One is the first number.").waitFor();
  await clean(page);
  await page.keyboard.press("Enter");
  await page.getByText("2 sets left of 3").waitFor();
  await tab(page, "Quality");
  await page.getByText(/worked: \d of 1/).waitFor();
  expect(record).toMatchObject({ errors: [], violations: [] });
  await page.context().close();
});
