// A project with very many judgements: what it costs the page's thread to open it and to judge in it.
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  databaseEvents,
  lostIn,
  makeProject,
  setsFile,
  startJudging,
  textOf,
} from "./support/collecting.ts";
import type { Acknowledged } from "./support/collecting.ts";
import { Profile } from "./support/profile.ts";
import { BIG, SEEDED, seedProject } from "./support/seeding.ts";
import { startServer, type PageServer } from "./support/server.ts";

/** The promise is about 100 000; JUDGEMENTS=100000 npm test -- many. CI takes a tenth of it. */
const JUDGEMENTS = Number(process.env["JUDGEMENTS"] ?? 10_000);
/**
 * Milliseconds of processor time on the page's thread until the first set can be judged, and that a
 * judgement with everything that follows from it takes longer than in a small project. Processor time,
 * because CI's machines are shared.
 */
const OPEN = 3000;
const MORE = 50;
const TRIED = 20;

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

/** Milliseconds by the clock of the longest tasks so far: an idle machine is needed to say something by them. */
const longestTasks = (page: Page): Promise<number[]> =>
  page.evaluate(
    () =>
      new Promise<number[]>((resolve) => {
        const done = (tasks: number[]): void => resolve(tasks.sort((a, b) => b - a).slice(0, 5));
        new PerformanceObserver((list) => {
          done(list.getEntries().map(({ duration }) => Math.round(duration)));
        }).observe({ type: "longtask", buffered: true });
        setTimeout(() => done([]), 1000);
      }),
  );

/** Judges some sets of the project on screen; gives the processor time of each. */
async function judgeSome(page: Page): Promise<{ each: number; acknowledged: Acknowledged[] }> {
  const before = profile.pageThread();
  const acknowledged: Acknowledged[] = [];
  await startJudging(page, 5, (one) => acknowledged.push(one));
  await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(TRIED), 240_000);
  return { each: (profile.pageThread() - before) / acknowledged.length, acknowledged };
}

test(`${JUDGEMENTS} judgements open in ${OPEN} ms, and one more takes at most ${MORE} ms longer`, async () => {
  let page = await profile.open(`${server.url}#/collect`);
  await page.waitForSelector("form input.field");
  const small = await makeProject(page, "Small", setsFile(4 * TRIED, 4));
  await page.goto(`${server.url}first-prompt.json`);
  page.setDefaultTimeout(600_000);
  const { judgements } = await seedProject(page, JUDGEMENTS);
  // Once: the second copy is completed from a database that had none.
  await page.goto(`${server.url}#/storage`);
  // Asked again and again, since one question to the page may not take minutes.
  await vi.waitFor(async () => expect(await textOf(page)).toContain("The same, when last"), {
    timeout: 900_000,
    interval: 1000,
  });
  await profile.stop();

  page = await profile.open(`${server.url}#/collect/${BIG}`);
  page.setDefaultTimeout(120_000);
  await page.waitForSelector("[data-answer]");
  const opened = profile.pageThread();
  const wall = await page.evaluate(() => performance.now());
  expect(await textOf(page)).toContain(`${judgements} judgements`);
  // The judgements themselves are read behind the first set.
  await page.waitForFunction(() => !document.body.textContent.includes("Reading them"));
  const read = profile.pageThread();
  const longest = await longestTasks(page);
  const many = await judgeSome(page);
  const made = await databaseEvents(page, SEEDED);
  expect(lostIn(made, many.acknowledged)).toEqual([]);
  await profile.stop();

  page = await profile.open(`${server.url}${small}`);
  page.setDefaultTimeout(120_000);
  await page.waitForFunction(() => document.body.textContent.includes("0 judgements"));
  const few = await judgeSome(page);
  console.log(
    `${judgements} judgements, processor time of the page's thread: first set after ${Math.round(opened)} ms ` +
      `(${Math.round(wall)} ms by the clock), all read after ${Math.round(read)} ms, longest tasks by the clock ${longest.join(", ")} ms, ` +
      `each judgement ${Math.round(many.each)} ms, in a small project ${Math.round(few.each)} ms`,
  );
  expect(opened).toBeLessThan(OPEN);
  expect(many.each - few.each).toBeLessThan(MORE);
}, 1_200_000);
