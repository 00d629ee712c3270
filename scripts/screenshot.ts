// npm run screenshot: makes docs/screenshot-{light,dark}.png from the built page, in headless Chromium.
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { launchChromium, openPage } from "../tests/browser/support/chromium.ts";
import { deckSays, modelReady, rankBy } from "../tests/browser/support/play.ts";
import { startServer } from "../tests/browser/support/server.ts";
import { withoutOptions } from "./options.ts";
import { ROOT, ensureBuild } from "./setup.mjs";

/** The CPU engine, which every machine has; a run of some seconds. */
const ADDRESS = "#/?v=1&engine=cpu&iterations=24";
const RANKINGS = 2;
const MOST_BYTES = 250_000;
const RUN_LIMIT = 300_000;

/** The whim of the picture: exclamations first, then short answers. */
function whim(answer: string): number {
  return (answer.match(/!/g)?.length ?? 0) * 100 - answer.length;
}

async function play(page: Page): Promise<void> {
  await modelReady(page);
  for (let i = 0; i < RANKINGS; i++) {
    await page.evaluate(() => performance.clearMarks("reward-reacted"));
    await rankBy(page, whim);
    await page.waitForFunction(() => performance.getEntriesByName("reward-reacted").length > 0);
  }
  await page.evaluate(() => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
  await page.keyboard.press("r");
  await deckSays(page, /finished/, RUN_LIMIT);
}

/** Entry of `npm run screenshot`; rejects when a picture is larger than the repository should carry. */
export async function main(args: readonly string[]): Promise<number> {
  const only = withoutOptions(
    args,
    "npm run screenshot: makes docs/screenshot-light.png and docs/screenshot-dark.png.",
  );
  if (only !== null) return only;
  ensureBuild();
  const server = await startServer();
  const browser = await launchChromium();
  try {
    const { page } = await openPage(browser, server.url + ADDRESS, {
      viewport: { width: 1280, height: 800 },
      reducedMotion: "reduce",
    });
    await play(page);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const path = join(ROOT, "docs", `screenshot-${colorScheme}.png`);
      await page.screenshot({ path });
      const { size } = statSync(path);
      if (size > MOST_BYTES) throw new Error(`${path} has ${size} bytes, at most ${MOST_BYTES}.`);
      console.log(`docs/screenshot-${colorScheme}.png: ${Math.round(size / 1000)} kB`);
    }
  } finally {
    await browser.close();
    await server.close();
  }
  return 0;
}
