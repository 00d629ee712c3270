// Two tabs that rank at once, and a disk that gets full while somebody ranks.
import type { CDPSession } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readImport } from "../../src/formats/import.ts";
import { collect } from "../../src/formats/records.ts";
import { chainProblems } from "../../src/storage/events.ts";
import { databaseEvents, journalEvents, lostIn, makeProject, press, setsFile, startJudging, textOf } from "./support/collecting.ts"; // prettier-ignore
import type { Acknowledged } from "./support/collecting.ts";
import { Profile } from "./support/profile.ts";
import { startServer, type PageServer } from "./support/server.ts";

let server: PageServer;
let profile: Profile;
beforeAll(async () => {
  server = await startServer();
  profile = new Profile();
});
afterAll(async () => {
  await profile.remove();
  await server.close();
});

test("two tabs rank the same project at once: every judgement of both is in both copies", async () => {
  const page = await profile.open(`${server.url}#/collect`);
  await page.waitForSelector("form input.field");
  const project = await makeProject(page, "Two tabs", setsFile(60));
  await page.goto(`${server.url}${project}`);
  const other = await profile.open(`${server.url}${project}`);
  await page.bringToFront();
  const here: Acknowledged[] = [];
  const there: Acknowledged[] = [];
  await startJudging(page, 1, (one) => here.push(one));
  await other.bringToFront();
  await startJudging(other, 2, (one) => there.push(one));
  for (const tab of [page, other])
    await tab.waitForFunction(() => document.body.textContent.includes("All done"), {
      timeout: 200_000,
      polling: 200, // the default waits for frames, and a tab behind another has none
    });
  expect(here.length + there.length).toBeGreaterThanOrEqual(60);
  expect(Math.min(here.length, there.length)).toBeGreaterThan(0);
  const events = await databaseEvents(page);
  expect(lostIn(events, [...here, ...there])).toEqual([]);
  expect(lostIn((await journalEvents(page)).events, [...here, ...there])).toEqual([]);
  expect(chainProblems(events)).toEqual([]);
  await other.close();
  await page.close();
});

/** Text that no compression makes smaller, so that it fills the disk it is said to fill. */
function noise(length: number, seed: number): string {
  let state = seed;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return String.fromCharCode(0x4e00 + ((state >>> 12) % 0x5000));
  }).join("");
}

/** Bytes for the sets in both copies and some twenty judgements. */
const QUOTA = 9_500_000;
const SETS = 60;

/** Sets whose judgements take some 60 kB each. */
function heavySets(sets: number): string {
  const line = (i: number): string =>
    JSON.stringify({
      prompt: `Heavy ${i}?`,
      completions: [0, 1, 2].map((j) => noise(7000, 3 * i + j + 1)),
    });
  return Array.from({ length: sets }, (_, i) => `${line(i)}\n`).join("");
}

async function setQuota(session: CDPSession, quotaSize?: number): Promise<void> {
  const limit = quotaSize === undefined ? {} : { quotaSize };
  const origin = new URL(server.url).origin;
  await session.send("Storage.overrideQuotaForOrigin", { origin, ...limit });
}

test("a full disk: the judgement stays on screen, it is said, export works, and nothing saved is lost", async () => {
  // A profile of its own, and the limit from the start: Chromium remembers for a while what was free.
  await profile.remove();
  profile = new Profile();
  const page = await profile.open("about:blank");
  const session = await page.createCDPSession();
  await setQuota(session, QUOTA);
  await page.goto(`${server.url}#/collect`);
  await page.waitForSelector("form input.field");
  const project = await makeProject(page, "Heavy", heavySets(SETS));
  await page.evaluate((hash) => (location.hash = hash), project);
  const acknowledged: Acknowledged[] = [];
  await startJudging(page, 3, (one) => acknowledged.push(one));
  await page.waitForFunction(() => document.body.textContent.includes("Not saved."), {
    timeout: 60_000,
  });
  const saved = acknowledged.length;
  expect(await textOf(page)).toMatch(/Not saved\. Saving this ranking: .*full, so nothing was written/); // prettier-ignore
  // The answers stand where they were put.
  expect(await page.$$eval(".card.placed", (cards) => cards.length)).toBe(3);

  await page.evaluate(() => document.querySelector<HTMLAnchorElement>('nav a[href*="export"]')?.click()); // prettier-ignore
  const bytes = await profile.download(page, () => press(page, "Save the zip"));
  const stream = new Blob([Uint8Array.from(bytes)]).stream();
  const { rankings } = collect((await readImport(stream, "heavy.zip")).records);
  // Everything that said "Saved", read and written while the disk is full.
  expect(rankings).toHaveLength(saved);

  await setQuota(session);
  await page.evaluate((hash) => (location.hash = hash), project);
  await page.waitForSelector(".card.placed");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".card.placed") === null);
  await page.waitForSelector(".saved");
  // The one that waited on the screen is the last of them.
  expect(acknowledged).toHaveLength(saved + 1);
  expect(lostIn(await databaseEvents(page), acknowledged)).toEqual([]);
});
