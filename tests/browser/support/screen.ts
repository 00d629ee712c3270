// What is checked of every state of a page: axe in both themes, its width, and that keys reach all of it.
import type { Page } from "playwright-core";
import { axeViolations } from "./axe.ts";

/** What axe finds in light and dark, and whether anything is wider than the screen. */
export async function problems(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    found.push(...(await axeViolations(page)).map((one) => `${colorScheme}: ${one}`));
  }
  const over = await page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll(".scroll")].map(
      (e) => e.scrollWidth - e.clientWidth,
    ),
  );
  if (Math.max(...over) > 0) found.push(`${Math.max(...over)} px wider than the screen`);
  return found;
}

/** Presses Tab until the element named is focused; fails when it cannot be reached. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement)) return "";
      const label = (element as HTMLInputElement).labels?.[0]?.innerText;
      return element.getAttribute("aria-label") ?? label ?? element.innerText;
    });
    if (focused.replace(/\s+/g, " ").trim().startsWith(name)) return;
  }
  throw new Error(`Tab never reached "${name}".`);
}
