// A project with very many judgements: how long it takes to open, and whether judging in it stays smooth.
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { databaseEvents, lostIn, startJudging } from "./support/collecting.ts";
import type { Acknowledged } from "./support/collecting.ts";
import { Profile } from "./support/profile.ts";
import { BIG, seedProject } from "./support/seeding.ts";
import { startServer, type PageServer } from "./support/server.ts";

/** The promise is about 100 000; JUDGEMENTS=100000 npm test -- many. CI takes a fifth of it. */
const JUDGEMENTS = Number(process.env["JUDGEMENTS"] ?? 20_000);
/** Milliseconds until the first set can be judged. */
const OPEN = 3000;
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

test(`${JUDGEMENTS} judgements open in ${OPEN / 1000} s, and judging goes on without a long task`, async () => {
  const page = await profile.open(`${server.url}#/storage`);
  page.setDefaultTimeout(600_000);
  await page.waitForFunction(() => document.body.textContent.includes("Nothing yet."));
  await page.goto(`${server.url}favicon.svg`);
  const { judgements } = await seedProject(page, JUDGEMENTS);
  // Once: the second copy is completed from a database that had none.
  await page.goto(`${server.url}#/storage`);
  await page.waitForFunction(() => document.body.textContent.includes("The same, when last"));

  await page.goto("about:blank");
  await page.goto(`${server.url}#/collect/${BIG}`, { waitUntil: "domcontentloaded" });
  await page.waitForSelector("[data-answer]");
  const opened = await page.evaluate(() => performance.now());
  await page.waitForFunction((n) => document.querySelectorAll("[data-answer]").length === n, {}, 4);

  await page.evaluate(() => {
    const lengths: number[] = [];
    Reflect.set(globalThis, "longTasks", lengths);
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) lengths.push(Math.round(duration));
    }).observe({ type: "longtask" });
  });
  const acknowledged: Acknowledged[] = [];
  const tasks: number[] = [];
  const times: number[] = [];
  let before = performance.now();
  await startJudging(page, 5, (one) => {
    acknowledged.push(one);
    times.push(performance.now() - before);
    before = performance.now();
  });
  await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(TRIED), 120_000);
  tasks.push(...(await page.evaluate(() => Reflect.get(globalThis, "longTasks") as number[])));
  const heap = await page.evaluate(
    () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
  );
  const typical = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Infinity;
  console.log(
    `${judgements} judgements: first set after ${Math.round(opened)} ms; a judgement takes ${Math.round(typical)} ms; ` +
      `long tasks during ${acknowledged.length}: ${tasks.join(", ") || "none"}; heap ${Math.round(heap / 2 ** 20)} MiB`,
  );
  expect(opened).toBeLessThan(OPEN);
  expect(tasks.length).toBeLessThan(acknowledged.length / 2);
  expect(lostIn((await databaseEvents(page)).filter(({ annotator }) => !annotator.startsWith("a_")), acknowledged)).toEqual([]); // prettier-ignore
}, 1_200_000);
