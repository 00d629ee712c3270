// Judging many sets on the collection page by its keys, and reading back what both copies hold.
import type { Page } from "puppeteer-core";
import type { Ranking } from "../../../src/formats/records.ts";
import type { StoredEvent } from "../../../src/storage/events.ts";
import { eventOf, scan } from "../../../src/storage/journal/frame.ts";

/** A judgement that the page called saved: the place of each answer, by their texts. */
export interface Acknowledged {
  prompt: string;
  places: Record<string, string>;
}

/** Lines of `sets` prompts with so many answers each. */
export function setsFile(sets: number, answers = 3): string {
  const line = (i: number): string =>
    JSON.stringify({
      prompt: `Prompt ${i}?`,
      completions: Array.from({ length: answers }, (_, j) => `Answer ${j} to prompt ${i}.`),
    });
  return Array.from({ length: sets }, (_, i) => `${line(i)}\n`).join("");
}

/** What a person reads on the page. */
export const textOf = (page: Page): Promise<string> =>
  page.evaluate(() => document.querySelector("main")?.textContent.replace(/\s+/g, " ") ?? "");

/** Clicks the button with this name as soon as it is there. */
export async function press(page: Page, name: string): Promise<void> {
  await page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll("button")].some((one) => one.textContent.trim() === wanted),
    {},
    name,
  );
  await page.evaluate((wanted) => {
    const all = [...document.querySelectorAll("button")];
    all.find((one) => one.textContent.trim() === wanted)?.click();
  }, name);
}

/** Makes a project with these sets; gives its address after the "#". */
export async function makeProject(page: Page, name: string, lines: string): Promise<string> {
  await page.locator("form input.field").fill(name);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".drop");
  await page.evaluate((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "sets.jsonl"));
    const event = new DragEvent("drop", { bubbles: true, dataTransfer: transfer });
    document.querySelector(".drop")?.dispatchEvent(event);
  }, lines);
  await press(page, "Import");
  await page.waitForFunction(() => document.body.textContent.includes("Imported "));
  const hash = await page.evaluate(() => location.hash);
  return hash.replace(/\/data.*$/, "");
}

/**
 * Starts judging, set after set, at random and with ties, and goes on by itself. `acknowledged` gets
 * each judgement once the page says that it is saved.
 */
export async function startJudging(
  page: Page,
  seed: number,
  acknowledged: (one: Acknowledged) => void,
): Promise<void> {
  await page.waitForSelector("[data-answer]");
  await page.exposeFunction("acknowledged", acknowledged);
  await page.evaluate((from) => {
    let state = from >>> 0;
    const place = (): string => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return String(1 + Math.floor((state / 2 ** 32) * 3));
    };
    const press = (key: string): unknown =>
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    const prompt = (): string => document.querySelector("#prompt")?.textContent ?? "";
    const tick = (ms = 1): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, ms));
    const read = (): Record<string, string> =>
      Object.fromEntries(
        [...document.querySelectorAll("[data-answer]")].map((card) => [
          card.querySelector(".voice")?.textContent ?? "",
          card.querySelector(".ball")?.textContent ?? "",
        ]),
      );
    const loop = async (): Promise<void> => {
      while (document.querySelector("#prompt") !== null) {
        const one = { prompt: prompt(), places: {} };
        // The answer that is left gets its place by itself.
        for (let left = document.querySelectorAll("[data-answer]").length; left > 1; left--) {
          press(place());
          await tick();
        }
        one.places = read();
        press("Enter");
        while (prompt() === one.prompt || document.querySelector(".saved") === null) {
          if (document.querySelector("#prompt") === null) break;
          await tick(5);
        }
        (Reflect.get(globalThis, "acknowledged") as (what: unknown) => void)(one);
      }
    };
    void loop();
  }, seed);
}

/** All events that the database holds, or those of writers after one, read without the page's own code. */
export async function databaseEvents(page: Page, after = ""): Promise<StoredEvent[]> {
  const json = await page.evaluate(
    (from) =>
      new Promise<string>((resolve, reject) => {
        const opening = indexedDB.open("nudge");
        opening.onerror = () => reject(new Error(opening.error?.message));
        opening.onsuccess = () => {
          const db = opening.result;
          const reading = db
            .transaction("events")
            .objectStore("events")
            .getAll(IDBKeyRange.lowerBound([from]));
          reading.onsuccess = () => {
            db.close();
            resolve(JSON.stringify(reading.result));
          };
          reading.onerror = () => reject(new Error(reading.error?.message));
        };
      }),
    after,
  );
  return JSON.parse(json) as StoredEvent[];
}

/** All events that the second copy holds, and how many stretches of it are damaged. */
export async function journalEvents(
  page: Page,
): Promise<{ events: StoredEvent[]; damaged: number }> {
  const files = await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle("journal", { create: true });
    const texts: string[] = [];
    for await (const handle of (
      folder as unknown as { values(): AsyncIterable<FileSystemFileHandle> }
    ).values()) {
      const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
      let text = "";
      for (let at = 0; at < bytes.length; at += 8192)
        text += String.fromCharCode(...bytes.subarray(at, at + 8192));
      texts.push(btoa(text));
    }
    return texts;
  });
  const scans = files.map((text) => scan(Buffer.from(text, "base64")));
  const events = scans.flatMap(({ records }) => records.map(eventOf));
  return {
    events: events.filter((event) => event !== null),
    damaged: scans.reduce((sum, { damaged }) => sum + damaged, 0),
  };
}

/** The acknowledged judgements that these events do not hold exactly as they were made. */
export function lostIn(
  events: readonly StoredEvent[],
  acknowledged: readonly Acknowledged[],
): Acknowledged[] {
  const saved = new Set<string>();
  for (const event of events) {
    if (event.kind !== "ranking.submit" && event.kind !== "ranking.revise") continue;
    const ranking = event.body.decision.ranking as unknown as Ranking;
    const places = ranking.ranking.flatMap((group, g) =>
      group.map(
        (i) => [ranking.completions[i]?.completion[0]?.content ?? "", String(g + 1)] as const,
      ),
    );
    saved.add(nameOf({ prompt: ranking.context.at(-1)?.content ?? "", places: Object.fromEntries(places) })); // prettier-ignore
  }
  return acknowledged.filter((one) => !saved.has(nameOf(one)));
}

/** With places 1, 2 … as in the record; on screen they may have gaps. */
function nameOf({ prompt, places }: Acknowledged): string {
  const used = [...new Set(Object.values(places))].sort();
  const dense = Object.entries(places).map(([text, place]) => [text, used.indexOf(place)]);
  return JSON.stringify([prompt, dense.sort()]);
}
