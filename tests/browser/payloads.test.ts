// 300 script payloads through the importers into every screen of a project: no script runs, nothing is asked of anybody.
import { readFileSync, readdirSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { assistant, candidate, newItem, newRanking, user } from "../../src/formats/new-records.ts";
import { writeLossless } from "../../src/formats/lossless.ts";
import type { Imported } from "../../src/formats/records.ts";
import { createIds } from "../../src/storage/ids.ts";
import { launchChromium, openPage } from "./support/chromium.ts";
import type { PageRecord } from "./support/chromium.ts";
import { PAYLOADS, dispenser, poisoned } from "./support/payloads.ts";
import { startServer, type PageServer } from "./support/server.ts";

const FOLDER = "tests/fixtures/formats";
let server: PageServer;
let browser: Browser;
let page: Page;
let record: PageRecord;
let dialogs = 0;
beforeAll(async () => {
  server = await startServer();
  browser = await launchChromium("none");
  ({ page, record } = await openPage(browser, `${server.url}#/collect`));
  page.setDefaultTimeout(60_000);
  page.on("dialog", (dialog) => {
    dialogs++;
    void dialog.dismiss();
  });
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

/** All sets hold three payloads; every column that is a text holds one too. */
function lossless(): string {
  const payload = dispenser();
  const ids = createIds(() => 1.7e12);
  const records: Imported[] = [];
  for (let i = 0; i < PAYLOADS.length / 3; i++) {
    const answers = [payload(), payload(), payload()].map(
      (text, k) =>
      candidate([assistant(text)], { model: payload(), checkpoint: payload(), note: payload(), author: payload(), finish: payload(), seed: k }), // prettier-ignore
    );
    const context = [{ role: "system" as const, content: payload() }, user(payload())];
    const item = newItem(context, answers, { format: "chat", extra: JSON.stringify({ [payload()]: payload() }) }); // prettier-ignore
    records.push(item);
    for (const annotator of ["ada", payload()]) {
      records.push(
        newRanking(context, item.completions, [[0], [1, 2]], { format: "chat", id: ids.next(), task: item.id, annotator, session: payload(), revision: 1, shown: [2, 1, 0], note: payload(), flags: [payload()], preset: payload(), guideline: `${payload()}@1`, gold: payload(), select_policy: payload(), app: payload(), active_ms: 900 * i }), // prettier-ignore
      );
    }
  }
  return writeLossless(records);
}

async function nothingHappened(where: string): Promise<void> {
  expect(await page.evaluate(() => "__xss" in globalThis), where).toBe(false);
  const own = new URL(server.url).origin;
  expect(
    record.requests.filter((one) => !one.startsWith(own)),
    where,
  ).toEqual([]);
  expect([dialogs, record.violations, record.errors], where).toEqual([0, [], []]);
}

const tab = (name: string): Promise<void> =>
  page
    .getByRole("navigation", { name: "Parts of this project" })
    .getByRole("link", { name, exact: true })
    .click();

async function choose(name: string, content: string): Promise<void> {
  await page.locator("[aria-labelledby=import] input[type=file]").setInputFiles({
    name,
    mimeType: "text/plain",
    buffer: Buffer.from(content),
  });
}

test("there are 300, all different", () => {
  expect([PAYLOADS.length, new Set(PAYLOADS).size >= 270]).toEqual([300, true]);
});

test("of every foreign format, previews and sentences stay text", async () => {
  const name = PAYLOADS[13] ?? "";
  await page.getByLabel("Name").fill(name.slice(0, 110));
  await page.getByRole("button", { name: "Make it" }).click();
  await page.getByRole("heading", { name: "Import a file" }).waitFor();
  const payload = dispenser();
  for (const file of readdirSync(FOLDER)) {
    const text = readFileSync(`${FOLDER}/${file}`, "utf8");
    const content = file.endsWith(".csv")
      ? text.replaceAll(/(\w) (\w)/g, () => `x ${payload().replaceAll('"', "").replaceAll(",", "").replaceAll("\n", "")} y`) // prettier-ignore
      : file.endsWith(".json")
        ? JSON.stringify(poisoned(JSON.parse(text), payload))
        : text
            .trimEnd()
            .split("\n")
            .map((line) => JSON.stringify(poisoned(JSON.parse(line), payload)))
            .join("\n");
    await choose(`${(PAYLOADS[7] ?? "").slice(0, 60)}${file}`, content);
    const section = page.locator("[aria-labelledby=import]");
    await section
      .getByRole("list", { name: "First records" })
      .or(section.getByRole("alert"))
      .first()
      .waitFor();
    await nothingHappened(file);
  }
});

test("of a project whose every text is one, all screens stay text", async () => {
  await choose("all.jsonl", lossless());
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page
    .getByText(/^Imported /)
    .first()
    .waitFor();
  await nothingHappened("Data");
  await tab("Questions");
  await page.getByLabel("Question about each answer").fill((PAYLOADS[40] ?? "").slice(0, 190));
  await page.getByRole("button", { name: "Ask it" }).click();
  await page.getByLabel("Text of the guideline").fill(PAYLOADS.slice(0, 60).map((text) => `# ${text}\n\n- ${text}\n\n${text}`).join("\n\n")); // prettier-ignore
  await page.getByRole("button", { name: /^Put version/ }).click();
  await page.getByLabel("People who judge each set").fill("9");
  await page.getByLabel("People who judge each set").blur();
  await nothingHappened("Questions");
  await tab("Judge");
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press("n");
    await page.keyboard.press("Enter");
  }
  await page.locator("[data-answer]").first().waitFor();
  await nothingHappened("Judge");
  await tab("History");
  for (const button of (await page.locator("[aria-labelledby=history] button.what").all()).slice(0, 8)) await button.click(); // prettier-ignore
  await page.getByRole("button", { name: /^Show 50 more/ }).click();
  await nothingHappened("History");
  await tab("Questions");
  await page.getByLabel("Show prompts and answers as Markdown").check();
  await tab("Judge");
  await page.locator("[data-answer] .markdown").first().waitFor();
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press("n");
    await page.keyboard.press("Enter");
  }
  // no link that could be followed, no element that could load
  expect(await page.locator(".bench").locator("a, img, iframe, object, embed").count()).toBe(0);
  await nothingHappened("Judge, as Markdown");
  await tab("History");
  for (const button of (await page.locator("[aria-labelledby=history] button.what").all()).slice(0, 8)) await button.click(); // prettier-ignore
  await nothingHappened("History, as Markdown");
  await tab("Quality");
  await page.getByRole("heading", { name: /agree on \d+% of pairs/ }).waitFor();
  for (const button of await page.getByRole("button", { name: "Table" }).all())
    await button.click();
  await nothingHappened("Quality");
  await tab("Train");
  await page.getByText("Judgements with an order").waitFor();
  await nothingHappened("Train");
  await tab("Export");
  await page.getByText("Files for trainers").waitFor();
  for (const box of await page.locator("[aria-labelledby=forms] input[type=checkbox]").all()) await box.check(); // prettier-ignore
  for (const details of await page.locator("summary").all()) await details.click();
  await nothingHappened("Export");
  await tab("Data");
  await page.locator("[aria-labelledby=merge] input[type=file]").setInputFiles({
    name: `${(PAYLOADS[2] ?? "").replaceAll("/", "")}.jsonl`,
    mimeType: "text/plain",
    buffer: Buffer.from(lossless().replaceAll('"all_bad":false', '"all_bad":true').replaceAll(/"hash":"[^"]*"/g, '"hash":""')), // prettier-ignore
  });
  await page.getByText(/contradictions: which counts/).waitFor();
  await nothingHappened("Merge");
  await page.getByRole("link", { name: "All projects" }).click();
  await page.getByRole("heading", { name: "Collect preferences" }).waitFor();
  await page.waitForTimeout(500);
  await nothingHappened("List");
});

test("what a script would do is seen", async () => {
  await page.evaluate(() => {
    document.body.append(Object.assign(new Image(), { src: "//evil.invalid/x.png" }));
  });
  await expect.poll(() => record.violations.join()).toContain("img-src");
});
