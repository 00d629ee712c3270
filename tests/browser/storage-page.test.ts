// Backups, the storage page, putting back and erasing, by keyboard alone, without GPU and server, clean
// for axe in both themes and whole at 320 px.
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readImport } from "../../src/formats/import.ts";
import { collect } from "../../src/formats/records.ts";
import { launchChromium, openPage } from "./support/chromium.ts";
import type { PageRecord } from "./support/chromium.ts";
import { setsFile } from "./support/collecting.ts";
import { problems, tabTo } from "./support/screen.ts";
import { startServer, type PageServer } from "./support/server.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium("none");
});
afterAll(() => browser.close());

/** A reminder comes from 25 judgements on. */
const SETS = 25;

/** Saves the file that the focused button makes, and reads it back. */
async function savedFile(page: Page): Promise<ReturnType<typeof collect>> {
  const saving = page.waitForEvent("download");
  await page.keyboard.press("Enter");
  const bytes = readFileSync(await (await saving).path());
  const stream = new Blob([Uint8Array.from(bytes)]).stream();
  return collect((await readImport(stream, "saved.zip")).records);
}

describe.each([1280, 320])("%i px wide", (width) => {
  let server: PageServer;
  let page: Page;
  let record: PageRecord;

  beforeAll(async () => {
    server = await startServer();
    ({ page, record } = await openPage(browser, `${server.url}#/collect`, {
      viewport: { width, height: 740 },
    }));
    page.setDefaultTimeout(30_000);
    await page.getByText("No project yet").waitFor();
    await page.getByLabel("Name").fill("Skies");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Import a file" }).waitFor();
    const buffer = Buffer.from(setsFile(SETS));
    await page
      .locator("[aria-labelledby=import] input[type=file]")
      .setInputFiles({ name: "s.jsonl", mimeType: "", buffer });
    await page.getByRole("button", { name: "Import", exact: true }).click();
    await page.getByText(`Imported ${SETS} sets`).first().waitFor();
    await page.getByRole("link", { name: "Judge", exact: true }).first().click();
    await page.locator("[data-answer]").first().waitFor();
  });
  afterAll(async () => {
    await page.context().close();
    await server.close();
  });

  test("after 25 judgements a reminder says what is not promised, and a file ends it", async () => {
    expect(await page.getByText("in this browser alone").count()).toBe(0);
    for (let left = SETS - 1; left >= 0; left--) {
      for (const key of ["1", "2", "Enter"]) await page.keyboard.press(key);
      if (left > 0) await page.getByText(`${left} set${left === 1 ? "" : "s"} left of`).waitFor();
    }
    await page.getByText("25 judgements are in this browser alone.").waitFor();
    await page.getByText("The browser did not promise to keep its copies.").waitFor();
    expect(await problems(page)).toEqual([]);
    await tabTo(page, "Save a file");
    expect((await savedFile(page)).rankings).toHaveLength(SETS);
    await expect.poll(() => page.getByText("in this browser alone").count()).toBe(0);
  });

  test("the storage page tells both copies, the promise and the room, and saves everything", async () => {
    await page.getByRole("link", { name: "All projects" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "in this browser" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText(/The same, when last compared: \d+ saved changes/).waitFor();
    const text = (await page.locator("main").textContent())?.replace(/\s+/g, " ");
    expect(text).toMatch(/Database \d+ saved changes\./);
    expect(text).toContain("Not promised: when the disk is full");
    expect(text).toMatch(/[KM]iB used\. The browser speaks of [\d.]+ GiB/);
    expect(await problems(page)).toEqual([]);
    await tabTo(page, "Save everything");
    const { rankings, items } = await savedFile(page);
    expect([rankings.length, items.length]).toEqual([SETS, SETS]);
  });

  test("without a database the second copy is offered, and everything is there again", async () => {
    await page.evaluate(
      () =>
        new Promise((resolve) => {
          indexedDB.deleteDatabase("nudge").onsuccess = resolve;
        }),
    );
    await page.reload();
    await page.getByRole("heading", { name: "The database lost judgements" }).waitFor();
    expect(await page.locator("main").textContent()).toContain("25 judgements");
    expect(await page.locator("main").textContent()).toContain("“Skies”");
    expect(await problems(page)).toEqual([]);
    await tabTo(page, "Save it as a file first");
    expect((await savedFile(page)).rankings).toHaveLength(SETS);
    await tabTo(page, "Put them back");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "They are back" }).waitFor();
    expect(await problems(page)).toEqual([]);
    await tabTo(page, "Go on");
    await page.keyboard.press("Enter");
    await page.getByText(/The same, when last compared/).waitFor();
    await page.getByRole("link", { name: "All projects" }).click();
    await page.getByText("25 judgements of 25 sets").waitFor();
  });

  test("the server gone, a judgement is changed and saved, and both copies have it", async () => {
    await page.waitForLoadState("networkidle");
    await server.close();
    await page.getByRole("link", { name: /^Skies/ }).click();
    await page.getByRole("link", { name: "Change a judgement" }).click();
    await page.getByRole("button", { name: /^Change: / }).first().click(); // prettier-ignore
    await page.getByText("Changing a saved judgement").waitFor();
    await page.keyboard.press("b");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "All done" }).waitFor();
    await page.getByRole("link", { name: "All projects" }).click();
    await page.getByRole("link", { name: "in this browser" }).click();
    await page.getByText(/The same, when last compared: \d+ saved changes/).waitFor();
  });

  test("erasing asks, says what stays, and leaves nothing", async () => {
    await tabTo(page, "Erase everything");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Erase everything?" }).waitFor();
    expect(await problems(page)).toEqual([]);
    await tabTo(page, "Erase it all");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Erased" }).waitFor();
    expect(await page.locator("main").textContent()).toContain("What may remain: files that you saved"); // prettier-ignore
    expect(await problems(page)).toEqual([]);
    const left = await page.evaluate(async () => {
      const root = (await navigator.storage.getDirectory()) as unknown as {
        keys(): AsyncIterable<string>;
      };
      const files: string[] = [];
      for await (const name of root.keys()) files.push(name);
      const databases = (await indexedDB.databases()).map(({ name }) => name);
      const settings = Object.keys(localStorage).filter((key) => key.startsWith("nudge."));
      return { files, databases, settings };
    });
    expect(left).toEqual({ files: [], databases: [], settings: [] });
    expect(record.violations).toEqual([]);
  });
});
