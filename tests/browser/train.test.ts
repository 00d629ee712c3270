// From a project's judgements to a reward model and back to answers, in the built page on the CPU engine.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { axeViolations } from "./support/axe.ts";
import { launchChromium, openPage } from "./support/chromium.ts";
import type { PageRecord } from "./support/chromium.ts";
import { cheer, judgedFile } from "./support/judged.ts";
import { startServer, type PageServer } from "./support/server.ts";

const STEPS = 8;
let server: PageServer;
let browser: Browser;
let file: string;
beforeAll(async () => {
  server = await startServer();
  browser = await launchChromium("none");
  file = await judgedFile({ sets: 24, people: ["person-a", "person-b"], taste: cheer });
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

async function projectWith(page: Page, content: string, name = "judged.jsonl"): Promise<void> {
  await page.getByLabel("Name").fill("Tastes");
  await page.getByRole("button", { name: "Make it" }).click();
  await page
    .locator("input[type=file]")
    .first()
    .setInputFiles({
      name,
      mimeType: "application/jsonl",
      buffer: Buffer.from(content),
    });
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page
    .getByText(/^Imported /)
    .first()
    .waitFor();
}

const tab = (page: Page, name: string): Promise<void> =>
  page
    .getByRole("navigation", { name: "Parts of this project" })
    .getByRole("link", { name, exact: true })
    .click();

describe.each([1280, 320])("%i px wide", (width) => {
  let page: Page;
  let record: PageRecord;
  beforeAll(async () => {
    // fewer steps of fewer answers, since this engine is a CPU's
    const address = `${server.url}#/collect?v=1&iterations=${STEPS}&batch=16`;
    ({ page, record } = await openPage(browser, address, { viewport: { width, height: 800 } }));
    page.setDefaultTimeout(60_000);
  });
  afterAll(() => page.context().close());

  test("a reward model is trained by keyboard, and its accuracy stands beside people's", async () => {
    await projectWith(page, file);
    await tab(page, "Train");
    await page.getByText("Words it knows").waitFor();
    await page.getByRole("button", { name: "Train", exact: true }).and(page.locator("[aria-disabled=false]")).focus(); // prettier-ignore
    await clean(page);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /^It predicts \d+% of pairs that it never saw/ }).waitFor(); // prettier-ignore
    const list = await page.locator("[aria-labelledby=trained] li").allTextContents();
    const figure = (name: string): number =>
      Number(/(\d+)%/.exec(list.find((one) => one.includes(name)) ?? "")?.[1]);
    expect(figure("reward model")).toBeGreaterThan(50);
    expect(figure("two people")).toBeGreaterThan(60);
    expect(figure("two people")).toBeLessThan(95);
    await clean(page);
  });

  test("one person can be held out", async () => {
    await page.getByLabel("Hold out").selectOption({ index: 2 });
    await page.getByRole("button", { name: "Train", exact: true }).press("Enter");
    await page.getByRole("heading", { name: /^It predicts \d+% of somebody .*'s pairs/ }).waitFor();
    expect(await page.locator("main").innerText()).toMatch(/\d+ of the held-out judgements are about sets that others judged too/); // prettier-ignore
  });

  test("the model's answers are shown before and after, with the reward rising", async () => {
    await page.getByRole("button", { name: "Show me" }).press("Enter");
    await page.locator("[aria-labelledby=listening] tbody tr").nth(7).waitFor();
    const rewards = (name: string): Promise<number[]> =>
      page
        .locator(`td[data-name="${name}"] > span:last-child`)
        .allTextContents()
        .then((all) => all.map((text) => (text === "the same" ? NaN : Number(text.replace("−", "-"))))); // prettier-ignore
    const [before, after] = [await rewards("Before"), await rewards("If it listened")];
    before.forEach((x, i) => {
      if (!Number.isNaN(after[i])) expect(after[i]).toBeGreaterThanOrEqual(x);
    });
    await clean(page);
  });

  test("a short PPO run by keyboard: paused, gone on with, checked, measured, its answers side by side", async () => {
    const deck = page.locator("[aria-labelledby=short-run]");
    const button = (name: string) => deck.getByRole("button", { name, exact: true });
    await button("Train towards it").press("Enter");
    await deck.getByText(/^Step [1-9]\d* of/).waitFor();
    await button("Pause").press("Enter");
    await deck.getByText(/^Step \d+ of \d+, paused$/).waitFor();
    await clean(page);
    await button("Go on").press("Enter");
    await deck.getByText(`Step ${STEPS} of ${STEPS}, finished`).waitFor();
    expect(await deck.locator("tbody tr").count()).toBe(8);
    const checks = await page.locator("[aria-labelledby=checks] li").allTextContents();
    for (const name of ["Ratio starts at 1", "Distance starts at 0", "All numbers finite"]) {
      expect(checks.find((one) => one.includes(name))).toContain("passed");
    }
    const lines = page.locator("[aria-labelledby=short-meters] svg");
    expect(await lines.count()).toBe(3);
    await clean(page);
    await button("Start over").press("Enter");
    await deck.getByText(/^Step \d+ of/).waitFor();
    await button("Cancel").press("Enter");
    await button("Train towards it").waitFor();
    expect(record).toMatchObject({ errors: [], violations: [] });
  });
});

test("texts that the model cannot read are refused with the share of words it does not know", async () => {
  const { page } = await openPage(browser, `${server.url}#/collect`);
  const foreign = Array.from({ length: 8 }, (_, i) =>
    JSON.stringify({
      prompt: `Summarise quarterly revenue guidance number ${i}`,
      chosen: `Analysts anticipate moderate shareholder dilution ${i}`,
      rejected: `Bureaucratic paperwork postponed litigation ${i}`,
    }),
  ).join("\n");
  await page.getByLabel("Name").fill("Foreign");
  await page.getByRole("button", { name: "Make it" }).click();
  await page
    .locator("input[type=file]")
    .first()
    .setInputFiles({
      name: "foreign.jsonl",
      mimeType: "application/jsonl",
      buffer: Buffer.from(foreign),
    });
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page
    .getByText(/^Imported /)
    .first()
    .waitFor();
  await tab(page, "Judge");
  for (let i = 0; i < 8; i++) {
    await page.getByText(`${8 - i} set${i === 7 ? "" : "s"} left of 8`).waitFor();
    await page.keyboard.press("1");
    await page.keyboard.press("Enter");
  }
  await tab(page, "Train");
  await page.getByText(/\d+% of the words in these texts are not among them/).waitFor();
  expect(await page.getByRole("button", { name: "Train", exact: true }).getAttribute("aria-disabled")).toBe("true"); // prettier-ignore
  await page.context().close();
});
