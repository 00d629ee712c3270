// npm run page-figures: measures the built page in headless Chromium and writes docs/PAGE-FIGURES.md.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { format, resolveConfig } from "prettier";
import { axeViolations } from "../tests/browser/support/axe.ts";
import { launchChromium, openPage } from "../tests/browser/support/chromium.ts";
import {
  deckSays,
  modelReady,
  rankAndReact,
  watchLongTasks,
} from "../tests/browser/support/play.ts";
import { firstVisit, startServer, type PageServer } from "../tests/browser/support/server.ts";
import { withoutOptions } from "./options.ts";
import { ROOT, ensureBuild } from "./setup.mjs";

const VISITS = 3;
const RANKINGS = 4;
const STEPS = 24;
const RUN_LIMIT = 300_000;

interface Figure {
  readonly what: string;
  readonly found: string;
  readonly bar: string;
}

const ms = (values: readonly number[]): string => `${values.map(Math.round).join(", ")} ms`;

/** Each visit in a profile of its own, so that nothing is cached. */
async function firstAnswers(browser: Browser, url: string): Promise<Figure[]> {
  const rankable: number[] = [];
  const painted: number[] = [];
  for (let visit = 0; visit < VISITS; visit++) {
    const { page } = await openPage(browser, url);
    await page.locator("[data-answer]").first().waitFor();
    const at = (name: string): Promise<number> =>
      page.evaluate((mark) => performance.getEntriesByName(mark)[0]?.startTime ?? NaN, name);
    rankable.push(await at("rankable"));
    painted.push(await at("first-contentful-paint"));
    await page.context().close();
  }
  return [
    { what: "first contentful paint", found: ms(painted), bar: "1500 ms" },
    { what: "first answers rankable", found: ms(rankable), bar: "2000 ms" },
  ];
}

async function bytes(page: Page, server: PageServer): Promise<Figure[]> {
  const script = await page.locator("script[src]").getAttribute("src");
  const { initialScript, total } = await firstVisit(server, script ?? "none");
  const kib = (size: number): string => `${(size / 1024).toFixed(1)} KiB`;
  return [
    { what: "script before the page works, gzip", found: kib(initialScript), bar: "110 KiB" },
    { what: "first visit in all, as sent", found: `${(total / 1e6).toFixed(2)} MB`, bar: "3.5 MB" },
  ];
}

/** Violations of the page as it stands, in light and dark. */
async function axe(page: Page, found: string[]): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    found.push(...(await axeViolations(page)));
  }
}

async function rank(page: Page): Promise<Figure> {
  const times: number[] = [];
  for (let i = 0; i < RANKINGS; i++) times.push(await rankAndReact(page));
  const what = "ranking saved and the reward model's reaction on screen";
  return { what, found: ms(times), bar: "3000 ms (1000 ms on a GPU)" };
}

async function train(page: Page): Promise<Figure[]> {
  const longTasks = await watchLongTasks(page);
  const started = performance.now();
  await page.keyboard.press("r");
  await deckSays(page, /finished/, RUN_LIMIT);
  const seconds = (performance.now() - started) / 1000;
  const tasks = await longTasks();
  const longest = tasks.length === 0 ? "" : `, longest ${Math.max(...tasks)} ms`;
  const changed = (await page.locator("[aria-labelledby=lines] h3 .quiet").textContent()) ?? "";
  return [
    {
      what: `${STEPS} PPO steps, from the key to the end`,
      found: `${seconds.toFixed(1)} s`,
      bar: "",
    },
    {
      what: "long tasks over 50 ms on the page's thread meanwhile",
      found: `${tasks.length}${longest}`,
      bar: "0 (CPU engine: reported)",
    },
    { what: "watched samples after it", found: changed.trim(), bar: "" },
  ];
}

/** Through every station and both dialogs with axe. */
async function lookAround(page: Page, found: string[]): Promise<void> {
  await page.getByRole("button", { name: "Taste test" }).last().click();
  await page.locator("button.answer, h2").first().waitFor();
  await axe(page, found);
  while ((await page.locator("button.answer").count()) > 0) await page.keyboard.press("ArrowLeft");
  await axe(page, found);
  await page.locator("nav button").first().click();
  await axe(page, found);
  await page.locator(".chip").click();
  await axe(page, found);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Help and keys" }).click();
  await axe(page, found);
}

function document(figures: readonly Figure[], browser: string, engine: string): string {
  const date = new Date().toISOString().slice(0, 10);
  const cores = cpus();
  const rows = figures.map(({ what, found, bar }) => `| ${what} | ${found} | ${bar} |`);
  return [
    "# Figures of the page",
    "",
    "Measured by `npm run page-figures` on the production build with its production headers; nothing here is",
    "edited by hand.",
    "",
    `${date}, Chromium ${browser} headless with SwiftShader's adapter, engine chosen by the page: ${engine};`,
    `${cores.length} cores of ${cores[0]?.model ?? "an unnamed processor"}, shared with other work.`,
    "",
    "| what | measured | at most |",
    "| --- | --- | --- |",
    ...rows,
    "",
    `Several numbers in a row are repeated measurements: ${VISITS} first visits, ${RANKINGS} rankings one after the other.`,
    "",
  ].join("\n");
}

/** Entry of `npm run page-figures`. */
export async function main(args: readonly string[]): Promise<number> {
  const only = withoutOptions(
    args,
    "npm run page-figures: measures the built page and writes docs/PAGE-FIGURES.md.",
  );
  if (only !== null) return only;
  ensureBuild();
  const server = await startServer();
  const browser = await launchChromium();
  try {
    const figures = await firstAnswers(browser, server.url);
    server.requests.length = 0;
    const { page } = await openPage(browser, `${server.url}#/?v=1&iterations=${STEPS}`);
    await modelReady(page);
    await page.waitForLoadState("networkidle");
    figures.push(...(await bytes(page, server)));
    server.requests.length = 0;
    const found: string[] = [];
    await axe(page, found);
    figures.push(await rank(page), ...(await train(page)));
    await axe(page, found);
    await lookAround(page, found);
    const asked = `${server.requests.length}`;
    figures.push({ what: "requests after the load, to the end of this", found: asked, bar: "0" });
    const states = "axe violations: every station and dialog, light and dark";
    figures.push({ what: states, found: `${found.length}`, bar: "0" });
    const engine = (await page.locator(".chip .text").textContent()) ?? "";
    const path = join(ROOT, "docs", "PAGE-FIGURES.md");
    const text = document(figures, browser.version(), engine);
    const options = { ...(await resolveConfig(path)), filepath: path };
    writeFileSync(path, await format(text, options));
    for (const { what, found: value } of figures) console.log(`${what}: ${value}`);
    for (const violation of found) console.log(violation);
  } finally {
    await browser.close();
    await server.close();
  }
  return 0;
}
