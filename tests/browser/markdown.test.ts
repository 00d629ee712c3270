// Answers of a project as Markdown, when it asks for that: laid out, nothing left out, saved as they were written.
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readImport } from "../../src/formats/import.ts";
import { writeLossless } from "../../src/formats/lossless.ts";
import { assistant, candidate, newItem, user } from "../../src/formats/new-records.ts";
import { collect } from "../../src/formats/records.ts";
import { launchChromium, openPage } from "./support/chromium.ts";
import { problems } from "./support/screen.ts";
import { startServer, type PageServer } from "./support/server.ts";

const RICH = [
  "## Two ways",
  "",
  "1. **Sort** it with `sort()`, see [the manual](https://example.org/sort)",
  "2. or ~~do~~ *not*",
  "   - a part",
  "",
  "> said someone",
  "",
  "```js",
  "const a = [3,  1];",
  "```",
  "",
  "| a | b |",
  "| - | - |",
  "| 1 | 2 |",
  "",
  '<b onclick="x()">raw</b> &amp; \\*star\\*',
].join("\n");
const PLAIN = "Use sort, 2 * 3 * 4 times.\nSecond line.";

let server: PageServer;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  server = await startServer();
  browser = await launchChromium("none");
  ({ page } = await openPage(browser, `${server.url}#/collect`));
  page.setDefaultTimeout(20_000);
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

const open = (name: string): Promise<void> =>
  page
    .getByRole("navigation", { name: "Parts of this project" })
    .getByRole("link", { name, exact: true })
    .click();
const card = (start: string) => page.locator("[data-card] .voice").filter({ hasText: start });

test("an answer stands as it was written until the project asks for Markdown", async () => {
  await page.getByLabel("Name").fill("Marked");
  await page.getByRole("button", { name: "Make it" }).click();
  const context = [user("How do I *sort* a list?")];
  const item = newItem(context, [candidate([assistant(RICH)]), candidate([assistant(PLAIN)])], {
    format: "chat",
  });
  await page.locator("[aria-labelledby=import] input[type=file]").setInputFiles({
    ...{ name: "rich.jsonl", mimeType: "text/plain" },
    buffer: Buffer.from(writeLossless([item])),
  });
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByText(/^Imported /).first().waitFor(); // prettier-ignore
  await open("Judge");
  expect(await card("Two ways").textContent()).toBe(RICH);
  expect(await page.locator("#prompt").textContent()).toContain("*sort*");
});

test.each([1280, 320])("as Markdown it is laid out and clean, %i px wide", async (width) => {
  await page.setViewportSize({ width, height: 740 });
  await open("Questions");
  await page.getByLabel("Show prompts and answers as Markdown").check();
  await open("Judge");
  const rich = card("Two ways");
  await rich.waitFor();
  expect(await page.locator("#prompt i").allTextContents()).toEqual(["sort"]);
  expect(await rich.locator(".heading").allTextContents()).toEqual(["Two ways"]);
  expect(await rich.locator(".sign").allTextContents()).toEqual(["1.", "2.", "•"]);
  expect(await rich.locator("b").allTextContents()).toEqual(["Sort"]);
  expect(await rich.locator("code").allTextContents()).toEqual(["sort()"]);
  expect(await rich.locator("s").allTextContents()).toEqual(["do"]);
  expect(await rich.locator(".quote").allTextContents()).toEqual(["said someone"]);
  // code and tables keep their spaces; an address is shown, not linked; HTML and entities are shown, not run
  const [code, table] = await rich.locator(".code").allTextContents();
  expect([code, table]).toEqual(["const a = [3,  1];", "| a | b |\n| - | - |\n| 1 | 2 |"]);
  const text = (await rich.textContent()) ?? "";
  expect(text).toContain("the manual (https://example.org/sort)");
  expect(text).toContain('<b onclick="x()">raw</b> &amp; *star*');
  expect(await rich.locator("a, [onclick]").count()).toBe(0);
  expect(await card("Use sort").textContent()).toBe(PLAIN);
  expect(await problems(page)).toEqual([]);
});

test("the next set shows its prompt, however long the answers are", async () => {
  await page.setViewportSize({ width: 1280, height: 740 });
  await open("Data");
  const long = Array.from({ length: 60 }, (_, i) => `Paragraph ${i}.`).join("\n\n");
  const lines = ["b", "c", "d", "e", "f", "g"].map((name) => JSON.stringify({ prompt: `Prompt ${name}`, completions: [`${name} ${long}`, `2 ${long}`, `3 ${long}`] })); // prettier-ignore
  await page.locator("[aria-labelledby=import] input[type=file]").setInputFiles({
    ...{ name: "long.jsonl", mimeType: "text/plain" },
    buffer: Buffer.from(lines.join("\n")),
  });
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByText(/^Imported 6 sets/).first().waitFor(); // prettier-ignore
  await open("Judge");
  for (let saved = 0; saved < 6; saved++) {
    const before = await page.locator("#prompt").textContent();
    for (const key of ["1", "2", "3", "Enter"]) await page.keyboard.press(key);
    await expect.poll(() => page.locator("#prompt").textContent()).not.toBe(before);
    await page.waitForTimeout(100);
    const top = await page.locator("#prompt").evaluate((one) => one.getBoundingClientRect().top);
    const header = await page.locator(".scroll").evaluate((one) => one.getBoundingClientRect().top);
    expect(top).toBeGreaterThanOrEqual(header);
  }
});

test("what is saved and exported is the text", async () => {
  await page.setViewportSize({ width: 1280, height: 740 });
  await page.keyboard.press("1");
  await page.keyboard.press("2");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "All done" }).waitFor();
  await open("History");
  await page.locator("[aria-labelledby=history] button.what").filter({ hasText: "How do I" }).click(); // prettier-ignore
  expect(await page.locator(".whole .heading").allTextContents()).toEqual(["Two ways"]);
  expect(await problems(page)).toEqual([]);
  await open("Export");
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save the zip" }).click();
  const bytes = readFileSync(await (await saving).path());
  const stream = new Blob([Uint8Array.from(bytes)]).stream();
  const { rankings, items } = collect((await readImport(stream, "marked.zip")).records);
  const texts = [...rankings, ...items].map(({ completions }) =>
    completions.map(({ completion }) => completion[0]?.content).sort(),
  );
  const own = texts.filter((all) => all.includes(RICH));
  expect(own).toEqual([[RICH, PLAIN].sort(), [RICH, PLAIN].sort()]);
});
