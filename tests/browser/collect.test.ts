// The collection page as built, with no GPU and no server after the load: from empty to an exported
// file by keyboard alone, saved across a reload, clean for axe in both themes, and whole at 320 px.
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readImport } from "../../src/formats/import.ts";
import { collect } from "../../src/formats/records.ts";
import { launchChromium, openPage } from "./support/chromium.ts";
import type { PageRecord } from "./support/chromium.ts";
import { problems, tabTo } from "./support/screen.ts";
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

async function typeSet(page: Page, prompt: string, answers: readonly string[]): Promise<void> {
  await page.keyboard.type(prompt);
  for (const answer of answers) {
    await page.keyboard.press("Tab");
    await page.keyboard.type(answer);
  }
  await tabTo(page, "Add the set");
  await page.keyboard.press("Enter");
}

const status = (page: Page): Promise<string | null> =>
  page.locator("div.only-heard[role=status]").textContent();

describe.each([1280, 320])("by keyboard alone, %i px wide, without a GPU", (width) => {
  let page: Page;
  let record: PageRecord;
  let requested = 0;

  beforeAll(async () => {
    ({ page, record } = await openPage(browser, `${server.url}#/collect`, {
      viewport: { width, height: 740 },
    }));
    page.setDefaultTimeout(20_000);
    await page.getByText("No project yet").waitFor();
    await page.waitForLoadState("networkidle");
    requested = server.requests.length;
  });
  afterAll(() => page.context().close());

  test("a project is made and sets are written", async () => {
    expect(await problems(page)).toEqual([]);
    await tabTo(page, "Name");
    await page.keyboard.type("Skies");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Import a file" }).waitFor();
    expect(await problems(page)).toEqual([]);
    await page.getByRole("link", { name: "Quality" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("Nothing to measure yet").waitFor();
    expect(await problems(page)).toEqual([]);
    await page.getByRole("link", { name: "Data" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Import a file" }).waitFor();
    await tabTo(page, "Prompt");
    await typeSet(page, "Why is the sky blue?", ["Scattering.", "The sea.", "Paint.", "Magic."]);
    await expect.poll(() => status(page)).toContain("Set added");
    await typeSet(page, "And red at dusk?", ["More air.", "Anger.", "Dust.", "Who knows?"]);
    await expect.poll(() => page.locator("[aria-labelledby=inside] li").count()).toBe(2);
    expect(await problems(page)).toEqual([]);
  });

  test("K = 4 takes four keys, ties and a better answer included it is saved", async () => {
    await page.getByRole("link", { name: "Judge", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.locator("[data-answer]").first().waitFor();
    expect(await problems(page)).toEqual([]);
    await page.keyboard.press("w");
    await page.keyboard.type("Blue light is scattered most.");
    await page.keyboard.press("Escape");
    let keys = 0;
    for (const key of ["1", "2", "2", "Enter"]) {
      await page.keyboard.press(key);
      keys++;
    }
    expect(keys).toBeLessThanOrEqual(5);
    await page.getByText("1 set left of 2").waitFor();
    await expect.poll(() => status(page)).toMatch(/^Saved\. 1 set left\. Next: /);
    expect(await page.locator(".saved").textContent()).toContain("Saved.");
  });

  test("a skip asks for a reason, and undo opens the judgement before", async () => {
    await page.keyboard.press("s");
    await page.getByRole("heading", { name: "Skip this set because" }).waitFor();
    expect(await problems(page)).toEqual([]);
    await page.keyboard.press("5");
    await page.getByRole("heading", { name: "All done" }).waitFor();
    expect(await problems(page)).toEqual([]);
    await page.reload();
    await page.getByRole("heading", { name: "All done" }).waitFor();
    await page.getByRole("link", { name: "Change a judgement" }).focus();
    await page.keyboard.press("Enter");
    const rows = page.locator("[aria-labelledby=history] > ol > li");
    await expect.poll(() => rows.count()).toBe(2);
    expect(await problems(page)).toEqual([]);
    // the row that held the focus goes, the focus goes to the way back, and stays beside it
    const focused = () => page.evaluate(() => document.activeElement?.textContent.trim());
    await page
      .getByRole("button", { name: /^Take back: / })
      .first()
      .press("Enter");
    await expect.poll(() => rows.count()).toBe(1);
    await expect.poll(focused).toBe("Put back");
    await page.keyboard.press("Enter");
    await expect.poll(() => rows.count()).toBe(2);
    expect(await page.evaluate(() => document.activeElement?.closest("section")?.getAttribute("aria-labelledby"))).toBe("history"); // prettier-ignore
    await page
      .getByRole("button", { name: /^Change: / })
      .last()
      .focus();
    await page.keyboard.press("Enter");
    await page.getByText("Changing a saved judgement").waitFor();
    await page.keyboard.press("b");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "All done" }).waitFor();
  });

  test("the questions page is clean", async () => {
    await page.getByRole("link", { name: "Questions" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "What is asked" }).waitFor();
    expect(await problems(page)).toEqual([]);
  });

  test("the quality page counts them, and its tables are reached by keyboard", async () => {
    await page.getByRole("link", { name: "Quality" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("1 ranking of 1 item by 1 person.").waitFor();
    await page.getByRole("progressbar").waitFor({ state: "detached" });
    expect(await problems(page)).toEqual([]);
    await tabTo(page, "Table");
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: /as a table$/ }).waitFor();
    expect(await problems(page)).toEqual([]);
  });

  test("the zip holds it all, and nothing was asked of the network", async () => {
    await page.getByRole("link", { name: "Export" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("2 rankings -> 5 pairs. Not carried: 1 tie, 1 skip").waitFor();
    await page.getByRole("button", { name: "Save the zip" }).waitFor();
    expect(await problems(page)).toEqual([]);
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save the zip" }).focus();
    await page.keyboard.press("Enter");
    const path = await (await saving).path();
    const bytes = readFileSync(path);
    const stream = new Blob([Uint8Array.from(bytes)]).stream();
    const { records, problems: refused } = await readImport(stream, "skies.zip");
    expect(refused).toEqual([]);
    const { rankings, items, demonstrations } = collect(records);
    expect([rankings.length, items.length, demonstrations.length]).toEqual([2, 2, 1]);
    const changed = rankings.find(({ outcome }) => outcome === "ranked");
    expect(changed).toMatchObject({ revision: 2, all_bad: true, preset: "training", blind: true });
    expect(changed?.ranking.map((group) => group.length)).toEqual([1, 2, 1]);
    expect(rankings.find(({ outcome }) => outcome === "skipped")?.skip_reason).toBe("Not my language"); // prettier-ignore
    // The reload asked for the page's own files again; nothing else was asked for.
    const own = /^\/(assets\/|models\/|$)|\.(json|safetensors)$/;
    expect(server.requests.slice(requested).filter((one) => !own.test(one))).toEqual([]);
    expect(record.errors).toEqual([]);
    expect(record.violations).toEqual([]);
  });
});

test("a file is dropped, previewed, judged with the server gone, and kept", async () => {
  const own = await startServer();
  const { page, record } = await openPage(browser, `${own.url}#/collect`);
  await page.getByText("No project yet").waitFor();
  await page.getByLabel("Name").fill("Dropped");
  await page.getByRole("button", { name: "Make it" }).click();
  await page.getByRole("heading", { name: "Import a file" }).waitFor();
  await page.waitForLoadState("networkidle");
  await own.close();
  const lines = Array.from({ length: 3 }, (_, i) => {
    const completions = Array.from({ length: 9 }, (_, j) => `answer ${j}`);
    return `${JSON.stringify({ prompt: `prompt ${i}`, completions })}\n`;
  });
  const transfer = await page.evaluateHandle(
    (text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], "nine.jsonl"));
      return data;
    },
    `${lines.join("")}{"prompt": 5}\n`,
  );
  // beside its box a file would open in place of the page; words that are dragged are nobody's business
  const stopped = await transfer.evaluate((file) => {
    const words = new DataTransfer();
    words.setData("text/plain", "words");
    const fire = (type: string, dataTransfer: DataTransfer): boolean =>
      document.querySelector("h2")?.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer })) === false; // prettier-ignore
    return [fire("dragover", file), fire("drop", file), fire("drop", words)];
  });
  expect(stopped).toEqual([true, true, false]);
  await page.locator(".drop").dispatchEvent("drop", { dataTransfer: transfer });
  await page.getByRole("button", { name: "Import", exact: true }).waitFor();
  expect(await page.locator("main").textContent()).toContain("3 of 4 lines can be imported");
  expect(await problems(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await page.getByText("Imported 3 sets to judge from nine.jsonl.").first().waitFor();
  await page.getByRole("navigation", { name: "Parts of this project" }).getByRole("link", { name: "Judge" }).click(); // prettier-ignore
  await page.locator("[data-answer]").nth(8).waitFor();
  for (const key of ["1", "2", "3", "4", "5", "6", "7", "8", "Enter"])
    await page.keyboard.press(key);
  await page.getByText("2 sets left of 3").waitFor();
  expect(record.violations).toEqual([]);
  await page.context().close();
});
