// Merging in the built page: two files, a contradiction to decide, one commit, agreement, and back.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { axeViolations } from "./support/axe.ts";
import { launchChromium, openPage } from "./support/chromium.ts";
import { cheer, judgedFile } from "./support/judged.ts";
import { startServer, type PageServer } from "./support/server.ts";

let server: PageServer;
let browser: Browser;
let files: string[];
beforeAll(async () => {
  server = await startServer();
  browser = await launchChromium("none");
  const both = await judgedFile({ sets: 6, people: ["ada", "ben"], taste: cheer });
  const lines = both.trimEnd().split("\n");
  const line = lines.find((one) => one.includes('"annotator":"ada"')) ?? "";
  const forged = { ...(JSON.parse(line) as object), all_bad: true, hash: "" };
  files = [
    lines.filter((one) => !one.includes('"annotator":"ben"')).join("\n"),
    [...lines.filter((one) => one.includes('"annotator":"ben"')), JSON.stringify(forged)].join(
      "\n",
    ),
  ];
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

test.each([1280, 320])("two people's files come together, %i px wide", async (width) => {
  const { page, record } = await openPage(browser, `${server.url}#/collect`, {
    viewport: { width, height: 740 },
  });
  page.setDefaultTimeout(30_000);
  await page.getByLabel("Name").fill("Together");
  await page.getByRole("button", { name: "Make it" }).click();
  const merge = page.locator("[aria-labelledby=merge]");
  await merge.locator("input[type=file]").setInputFiles(
    files.map((content, i) => ({
      name: `${["ada", "ben"][i] ?? ""}.jsonl`,
      mimeType: "application/jsonl",
      buffer: Buffer.from(content),
    })),
  );
  await merge.getByText(/6 sets judged by two or more, who agree on \d+% of pairs; 6 new sets/).waitFor(); // prettier-ignore
  await merge.getByText("1 contradiction: which counts?").waitFor();
  expect(await merge.getByText(/^6 new judgements/).count()).toBe(1);
  await clean(page);
  await merge.getByRole("radio").nth(1).press("Space");
  await merge.getByRole("button", { name: "Merge", exact: true }).press("Enter");
  await merge
    .getByText(/^Merged 13 judgements and 6 sets from ada\.jsonl, ben\.jsonl\.$/)
    .waitFor();
  await clean(page);
  await merge.getByRole("link", { name: "See how people agree" }).press("Enter");
  await page.getByRole("heading", { name: /^The two people agree on \d+% of pairs/ }).waitFor();
  await page.getByRole("navigation", { name: "Parts of this project" }).getByRole("link", { name: "Export" }).click(); // prettier-ignore
  await page.getByLabel(/Held out/).selectOption({ index: 2 });
  await page.getByLabel("Without notes and times").check();
  await clean(page);
  await page.getByRole("navigation", { name: "Parts of this project" }).getByRole("link", { name: "Data" }).click(); // prettier-ignore
  await page.getByRole("button", { name: /^Take back ada/ }).press("Enter");
  await page.getByText("Nothing yet. Every import is listed here").waitFor();
  expect(record).toMatchObject({ errors: [], violations: [] });
  await page.context().close();
});
