// Killing pages and whole browsers while somebody ranks: nothing that said "Saved" is lost or torn.
import { afterAll, beforeAll, expect, test } from "vitest";
import { chainProblems } from "../../src/storage/events.ts";
import { databaseEvents, journalEvents, lostIn, makeProject, setsFile, startJudging } from "./support/collecting.ts"; // prettier-ignore
import type { Acknowledged } from "./support/collecting.ts";
import { Profile } from "./support/profile.ts";
import { startServer, type PageServer } from "./support/server.ts";

/** Browsers killed, each after a renderer of it; KILLS=200 npm test -- kill for a release. */
const LIVES = Number(process.env["KILLS"] ?? 40);
/** Sets for one life: more than can be ranked in it. */
const SETS = 40;
const SEED = 20261126;

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

/** Numbers in [0, 1) from a seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test(`${LIVES} renderers and ${LIVES} browsers killed at random moments of ranking: 0 lost, 0 torn, 0 gaps`, async () => {
  const random = randomFrom(SEED);
  const acknowledged: Acknowledged[] = [];
  const acknowledge = (one: Acknowledged): void => void acknowledged.push(one);
  const first = await profile.open(`${server.url}#/collect`);
  await first.waitForSelector("form input.field");
  const project = await makeProject(first, "Kills", setsFile(LIVES * SETS));
  const address = `${server.url}${project}`;
  await profile.stop();

  for (let life = 0; life < LIVES; life++) {
    const page = await profile.open(address);
    const crashed = new Promise((resolve) => page.once("error", resolve));
    await startJudging(page, life, acknowledge);
    await pause(20 + 480 * random());
    expect(profile.killRenderers()).toBeGreaterThan(0);
    await crashed;
    const again = await profile.open(address);
    await startJudging(again, LIVES + life, acknowledge);
    await pause(20 + 480 * random());
    await profile.killBrowser();
  }

  const page = await profile.open(`${server.url}#/storage`);
  await page.waitForFunction(() => document.body.textContent.includes("The same, when last"));
  const events = await databaseEvents(page);
  const journal = await journalEvents(page);
  console.log(`${acknowledged.length} acknowledged, ${events.length} events`);
  expect(acknowledged.length).toBeGreaterThan(2 * LIVES);
  expect(lostIn(events, acknowledged)).toEqual([]);
  expect(lostIn(journal.events, acknowledged)).toEqual([]);
  expect(chainProblems(events)).toEqual([]);
  expect(journal.damaged).toBe(0);
}, 900_000);
