// Doing on the page what a person does, and reading from it what a person sees.
import type { Page } from "playwright-core";

/** Waits until an engine runs and the weights are loaded. */
export async function modelReady(page: Page, timeout = 60_000): Promise<void> {
  await page.locator(".chip.ready").waitFor({ timeout });
}

/** Ranks the set on screen with the number keys, in the order it stands there; resolves when it is saved. */
export async function rankByKeyboard(page: Page): Promise<void> {
  await page.locator("[data-answer]").first().waitFor();
  const before = await savedRankings(page);
  const answers = await page.locator("[data-answer]").count();
  // The last answer gets the place that is left by itself.
  for (let place = 1; place < answers; place++) await page.keyboard.press(String(place));
  await page.keyboard.press("Enter");
  await page.waitForFunction(
    (wanted) => document.querySelectorAll("[aria-labelledby=past] li").length >= wanted,
    before + 1,
    { polling: 100 },
  );
}

/** Ranks the set on screen by tapping its answers, highest score first; resolves when it is saved. */
export async function rankBy(page: Page, score: (answer: string) => number): Promise<void> {
  await page.locator("[data-answer]").first().waitFor();
  const before = await savedRankings(page);
  const answers = await page.locator("[data-card] .voice").all();
  const scored = await Promise.all(
    answers.map(async (answer) => ({
      card: await answer.locator("xpath=..").getAttribute("data-card"),
      value: score((await answer.textContent()) ?? ""),
    })),
  );
  scored.sort((a, b) => b.value - a.value);
  for (const { card } of scored.slice(0, -1)) await page.locator(`[data-card="${card}"]`).click();
  await page.keyboard.press("Enter");
  await page.waitForFunction(
    (wanted) => document.querySelectorAll("[aria-labelledby=past] li").length >= wanted,
    before + 1,
    { polling: 100 },
  );
}

/** Ranks the set on screen; gives the milliseconds from Enter to the reward model's reaction. */
export async function rankAndReact(page: Page): Promise<number> {
  await page.evaluate(() => performance.clearMarks("reward-reacted"));
  const pressed = await page.evaluate(() => performance.now());
  await rankByKeyboard(page);
  const mark = await page.waitForFunction(
    () => performance.getEntriesByName("reward-reacted")[0]?.startTime,
  );
  return ((await mark.jsonValue()) ?? Number.NaN) - pressed;
}

export async function savedRankings(page: Page): Promise<number> {
  return page.locator("[aria-labelledby=past] li").count();
}

/** Waits until the deck says what the pattern says, e.g. /paused/. */
export async function deckSays(page: Page, pattern: RegExp, timeout = 60_000): Promise<string> {
  const deck = page.locator("footer .gauge p").filter({ hasText: pattern });
  await deck.waitFor({ timeout });
  return (await deck.textContent()) ?? "";
}

/** The step that the deck shows, 0 when there is no run. */
export async function stepOf(page: Page): Promise<number> {
  const text = (await page.locator("footer .gauge p").textContent()) ?? "";
  return Number(/Step (\d+)/.exec(text)?.[1] ?? 0);
}

/** Starts collecting the main thread's tasks over 50 ms; the function gives their lengths so far. */
export async function watchLongTasks(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const lengths: number[] = [];
    Reflect.set(globalThis, "longTasks", lengths);
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) lengths.push(Math.round(duration));
    }).observe({ type: "longtask" });
  });
  return () => page.evaluate(() => Reflect.get(globalThis, "longTasks") as number[]);
}
