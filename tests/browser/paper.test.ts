// The paper page and the documents as built: by keyboard, with files of the test's own, clean for axe in both
// themes and whole at 320 px. Small results are routed in; the last test opens those that ship.
import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Results } from "../../src/reproduce/results.ts";
import { FILES, RESULTS, samples, toxicityCsv } from "../support/paper.ts";
import { launchChromium, openPage } from "./support/chromium.ts";
import type { PageRecord } from "./support/chromium.ts";
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

/** Answers for public/paper/, or (null) as if nothing was run. */
async function serveResults(page: Page, files: Readonly<Record<string, unknown>> | null) {
  await page.unroute("**/paper/**");
  await page.route("**/paper/**", (route) => {
    const body = files?.[new URL(route.request().url()).pathname.split("/paper/")[1] ?? ""];
    return body === undefined ? route.fulfill({ status: 404 }) : route.fulfill({ json: body });
  });
}

const json = (name: string, content: unknown) => ({
  ...{ name, mimeType: "application/json" },
  buffer: Buffer.from(JSON.stringify(content)),
});

/** A 404 for results that nobody computed is the one message that a console may carry. */
const strange = ({ errors }: PageRecord): string[] =>
  errors.filter((error) => !/404.*\/paper\/results\.json/.test(error));

describe.each([1280, 320])("%i px wide", (width) => {
  let page: Page;
  let record: PageRecord;

  beforeAll(async () => {
    ({ page, record } = await openPage(browser, `${server.url}#/documents/labeling`, {
      viewport: { width, height: 740 },
    }));
    page.setDefaultTimeout(60_000);
    await serveResults(page, null);
    await page.getByRole("heading", { name: "The task" }).waitFor();
  });
  afterAll(() => page.context().close());

  test("documents are read from the address, from each other and from the help", async () => {
    expect(await problems(page)).toEqual([]);
    expect(await page.title()).toBe("Labeling instructions – Nudge");
    await page.evaluate(() => (location.hash = "#/documents/model-card/training"));
    await page.getByRole("heading", { name: "Training", exact: true }).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("training");
    expect(await problems(page)).toEqual([]);
    const picture = page.locator("article img");
    await picture.scrollIntoViewIfNeeded();
    await expect
      .poll(() => picture.evaluate((img) => (img as HTMLImageElement).naturalWidth))
      .toBeGreaterThan(0);
    await page.evaluate(() => (location.hash = "#/documents/dataset"));
    await page.locator("article table").first().waitFor();
    expect(await problems(page)).toEqual([]);
    await page.locator("article").getByRole("link", { name: "LABELING-TOXICITY" }).press("Enter");
    await expect.poll(() => page.title()).toBe("Labeling toxicity – Nudge");
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByRole("link", { name: "The paper" }).press("Enter");
    await page.getByRole("heading", { name: "The paper, measured" }).waitFor();
  });

  test("without results it says so and shows no number", async () => {
    await page.getByRole("heading", { name: "Not run yet" }).waitFor();
    expect(await page.locator("main").textContent()).toContain("npm run reproduce");
    expect(await page.locator("main figure, main svg [data-dot], main table").count()).toBe(0);
    expect(await problems(page)).toEqual([]);
  });

  test("a person opens results of their own, and a foreign file changes nothing", async () => {
    const picker = page.locator("input[type=file]");
    await picker.setInputFiles([json("package.json", { name: "x" })]);
    await page.locator("main").getByText("package.json").first().waitFor();
    await picker.setInputFiles([
      json("mine.json", RESULTS),
      json("preference.json", samples("preference")),
    ]);
    await page.getByText("Of 4 claims 1 holds").waitFor();
    expect(await page.locator("main").textContent()).toContain("Opened from your file mine.json");
    await page.getByRole("link", { name: "Samples" }).press("Enter");
    await page.locator("article").waitFor();
    expect(await problems(page)).toEqual([]);
  });

  test("shipped results: claims, figures and tables, filtered", async () => {
    await serveResults(page, FILES);
    await page.evaluate(() => (location.hash = "#/paper"));
    await page.reload();
    await page.getByText("Of 4 claims 1 holds").waitFor();
    expect(await page.locator("[aria-labelledby=claims] > ol > li").count()).toBe(4);
    expect(await problems(page)).toEqual([]);
    const bars = page.locator("[aria-labelledby=figure-preference]");
    expect(await bars.getByRole("button", { name: /Open its samples/ }).count()).toBe(10);
    await page.getByLabel("Model", { exact: true }).selectOption("ppo");
    expect(await bars.getByRole("button", { name: /Open its samples/ }).count()).toBe(2);
    // the paper's points stand at other kinds of models
    expect(await bars.textContent()).not.toContain("the paper, 1.3 B");
    await page.getByRole("button", { name: "Show all" }).press("Enter");
    expect(await bars.textContent()).toContain("the paper, 1.3 B");
    const rows = page.getByRole("region", { name: "Benchmark suite, few-shot, table" }).locator("tbody tr"); // prettier-ignore
    expect(await rows.count()).toBe(2);
    await page.getByRole("button", { name: "Fold all" }).press("Enter");
    await expect.poll(() => rows.count()).toBe(0);
    await page.locator("details summary").filter({ hasText: "Benchmark suite, few-shot" }).press("Enter"); // prettier-ignore
    await expect.poll(() => rows.count()).toBe(2);
    await bars.getByRole("button", { name: "Table" }).press("Enter");
    expect(await bars.locator("tbody tr").count()).toBe(13);
    expect(await problems(page)).toEqual([]);
    await bars.getByRole("button", { name: "Table" }).press("Enter");
  });

  test("a point is reached by arrows and opens its samples side by side", async () => {
    const lines = page.locator("[aria-labelledby=figure-kl-sweep]");
    await lines.locator("[data-dot][tabindex='0']").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    const words = await page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    expect(words).toBe("PPO, β 0.02: 4.2 [2.5, 4.65]. Open its samples");
    await page.keyboard.press("Enter");
    await page.locator("article").waitFor();
    expect(page.url()).toMatch(/#\/paper\/samples$/);
    const heads = page.locator("article h3");
    await expect.poll(() => heads.allTextContents().then(([head]) => head?.trim())).toBe("micro/ppo/1"); // prettier-ignore
    expect(await heads.count()).toBe(5);
    const focused = (): Promise<string | null | undefined> =>
      page.evaluate(() => document.activeElement?.textContent.trim());
    expect(await focused()).toMatch(/^First what is behind the point that you opened/);
    expect(await problems(page)).toEqual([]);
    await page.keyboard.press("ArrowRight");
    await page.getByText("tell me about the mouse .").waitFor();
    await page.getByRole("searchbox").fill("sum(");
    await page.locator("article mark").first().waitFor();
    expect(await page.locator("article .prompt").textContent()).toContain("=sum(a1:a9)");
    await page.getByRole("searchbox").fill("");
    await page.getByRole("link", { name: "Back to the figure" }).press("Enter");
    await page.getByText("Of 4 claims").waitFor();
    // where it was left, not at the top
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe(words); // prettier-ignore
    expect(await page.evaluate(() => (document.activeElement?.getBoundingClientRect().top ?? -1) > 0)).toBe(true); // prettier-ignore
  });

  test("samples are saved as CSV and opened again beside the paper's columns", async () => {
    await page.getByRole("link", { name: "Samples" }).press("Enter");
    await page.locator("article").waitFor();
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save as CSV" }).press("Enter");
    const own = await readFile(await (await saved).path(), "utf8");
    expect(own).toMatch(/^,model_type,prompt_type,context,sample,toxicity,/);
    await page.getByRole("link", { name: "CSV files" }).press("Enter");
    await page.getByRole("heading", { name: "The paper's own samples" }).waitFor();
    const csv = (name: string, text: string) => ({
      ...{ name, mimeType: "text/csv" },
      buffer: Buffer.from(text),
    });
    await page
      .locator("input[type=file]")
      .setInputFiles([csv("own.csv", own), csv("tox.csv", toxicityCsv()), csv("bad.csv", "a,b\n1,2")]); // prettier-ignore
    await page.locator("main").getByText("found the columns").waitFor();
    expect(await page.locator("[aria-label='Open files'] button").allTextContents()).toEqual([
      "own.csv",
      "tox.csv",
    ]);
    await page.getByText("108 rows, 3 prompts, 12 models, asked in 3 ways").waitFor();
    expect(await page.locator("article h3").count()).toBe(12);
    expect(await problems(page)).toEqual([]);
    await page.getByLabel("Order", { exact: true }).selectOption("toxicity:falling");
    await page.getByLabel("Asked", { exact: true }).selectOption("");
    expect(await page.locator("article h3").count()).toBe(36);
    await page.getByRole("button", { name: "own.csv" }).press("Enter");
    await page.getByText("30 rows, 3 prompts").waitFor();
  });

  test("a failing server is told, and asking again helps", async () => {
    await page.unroute("**/paper/**");
    await page.route("**/paper/results.json", (route) => route.fulfill({ status: 503 }));
    await page.evaluate(() => (location.hash = "#/paper"));
    await page.reload();
    await page.getByText("the server answered 503").waitFor();
    expect(await problems(page)).toEqual([]);
    await serveResults(page, FILES);
    await page.getByRole("button", { name: "Try again" }).press("Enter");
    await page.getByText("Of 4 claims").waitFor();
  });

  test("what npm run reproduce measured is in the page, with samples behind it", async () => {
    await page.unrouteAll();
    await page.reload();
    await page.getByText(/Of \d+ claims/).waitFor();
    expect(await problems(page)).toEqual([]);
    const text = await readFile("public/paper/results.json", "utf8");
    const { claims } = JSON.parse(text) as Results;
    expect(await page.locator("[aria-labelledby=claims] > ol > li").count()).toBe(claims.length);
    expect(await page.locator("main").textContent()).toContain(claims[0]?.measured);
    await page
      .getByRole("button", { name: /Open its samples/ })
      .first()
      .press("Enter");
    await page.locator("article h3").first().waitFor();
    expect(await problems(page)).toEqual([]);
  });

  test("nothing broke the policy, and the console stayed quiet", () => {
    expect(record.violations).toEqual([]);
    expect(strange(record).filter((error) => !error.includes("503"))).toEqual([]);
  });
});
